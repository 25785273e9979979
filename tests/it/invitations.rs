//! Invitations: made, shown, withdrawn and sent anew by admins, accepted by who has the link, and told by mail.

mod accept;
mod life;
mod mail;
pub mod receiver;
