//! One-time codes that do not work: what is said, and how who tries many is slowed down.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};

use super::Page;
use crate::{
    http::{guard, rate},
    service::House,
};

/// A code that nobody was given. One answer for all that can be wrong with it.
pub(super) struct WrongCode {
    status: StatusCode,
    wait: Option<u64>,
}

impl WrongCode {
    /// Counts it for the address that it came from.
    pub(super) fn from(house: &House, request: &HttpRequest) -> Self {
        match guard::failed(house, request) {
            Ok(()) => Self { status: StatusCode::FORBIDDEN, wait: None },
            Err(throttled) => {
                let wait = rate::seconds(throttled.retry_after).max(1);
                Self { status: StatusCode::TOO_MANY_REQUESTS, wait: Some(wait) }
            }
        }
    }

    /// What is said.
    pub(super) fn words(&self, otherwise: &str) -> String {
        let too_many = |wait| format!("Too many tries. Try again in {wait} s.");
        self.wait.map_or_else(|| otherwise.to_owned(), too_many)
    }

    /// The page that says it.
    pub(super) fn answer(&self, page: Page<'_>) -> HttpResponse {
        let mut answer = page.with_status(self.status).answer();
        if let Some(wait) = self.wait {
            answer.headers_mut().insert(header::RETRY_AFTER, wait.into());
        }
        answer
    }
}
