//! What several pages show in the same way.

pub mod asking;
pub mod chart;
pub mod chips;
pub mod counts;
pub mod once;
pub mod paging;
pub mod times;
