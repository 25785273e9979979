//! Signing in, as a browser does it but without one: every status, header and cookie.

mod pages;
