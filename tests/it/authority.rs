//! Authority: nobody hands out more than they hold, and everybody manages exactly what they cover.

mod doors;
mod handing_out;
mod limit;
mod managing;
mod oracle;
mod own;
mod races;
