//! The mesh plane: messages in their order, state with its versions, and listings that show what a key reaches.

mod messages;
mod order;
mod reach;
mod state;
