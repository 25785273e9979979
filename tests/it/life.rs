//! A key's life, from its issue to its end.

mod conditions;
mod conflicts;
mod dry;
mod ends;
mod impact;
mod rotation;
mod story;
mod uses;
