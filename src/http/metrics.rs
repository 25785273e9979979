//! `/metrics`, on an address of its own: what is counted, in the text form of `OpenMetrics` 1.0. And the counts of requests, by
//! route and status.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{
    HttpResponse,
    http::header::{self, CONTENT_TYPE, HeaderValue},
    web::{self, Data, ServiceConfig},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _, text},
    metrics::{MetricType, counter::ConstCounter},
    registry::Registry,
};

use super::routes;
use crate::{dashboard::routes as pages, service::House};

/// The route of a request, by its place among the paths of the API and, after them, of the pages.
#[derive(Debug, Clone, Copy)]
pub struct Route(pub usize);

impl Route {
    /// Its path, as it is in the table.
    #[must_use]
    pub fn path(self) -> Option<&'static str> {
        let page = || self.0.checked_sub(routes::PATHS.len()).and_then(|at| pages::PATHS.get(at));
        routes::PATHS.get(self.0).or_else(page).copied()
    }
}

/// How many routes there are.
const ROUTES: usize = routes::PATHS.len() + pages::PATHS.len();
/// What stands for a request that met no route of ours, as in the log.
const NO_ROUTE: &str = "-";
/// The statuses from the first to the last that can be.
const STATUSES: std::ops::Range<usize> = 100..600;

/// How often each route was answered with each status. Each has a place of its own: nobody looks for it, or waits.
#[derive(Debug)]
pub struct Requests(Box<[AtomicU64]>);

impl Default for Requests {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take((ROUTES + 1) * STATUSES.len()).collect())
    }
}

impl Requests {
    /// Counts an answer.
    pub fn count(&self, route: Option<&Route>, status: u16) {
        let route = route.map_or(ROUTES, |route| route.0);
        let status = usize::from(status).saturating_sub(STATUSES.start);
        if let Some(count) = self.0.get(route * STATUSES.len() + status) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests that were answered, by route and status.";
        let mut family = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        let paths = routes::PATHS.iter().chain(pages::PATHS).chain([&NO_ROUTE]);
        for (path, counts) in paths.zip(self.0.chunks(STATUSES.len())) {
            for (status, count) in STATUSES.zip(counts) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = [("route", (*path).to_owned()), ("status", status.to_string())];
                    ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }
}

/// All that is told.
pub struct Board {
    house: Arc<House>,
    requests: Arc<Requests>,
    registry: Registry,
}

/// What [`Board::text`] is: `OpenMetrics`, which Prometheus reads as it reads its own.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Board {
    /// What is counted in this house.
    #[must_use]
    pub fn new(house: Arc<House>) -> Self {
        let (requests, mut registry) = (Arc::<Requests>::default(), Registry::with_prefix("meshkey"));
        house.meters.register(&mut registry);
        registry.register_collector(Box::new(Arc::clone(&requests)));
        Self { house, requests, registry }
    }

    /// The counts of requests.
    #[must_use]
    pub const fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    /// All of it, as it is at this moment.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        self.house.read_meters();
        text::encode(&mut text, &self.registry).map(|()| text)
    }
}

/// Registers `/metrics`, and nothing else.
pub fn configure(service: &mut ServiceConfig) {
    service.service(web::resource("/metrics").route(web::get().to(metrics)).route(web::head().to(metrics)));
}

async fn metrics(board: Data<Board>) -> HttpResponse {
    let told = (CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
    match board.text() {
        Ok(text) => {
            HttpResponse::Ok().insert_header(told).insert_header((header::CACHE_CONTROL, "no-store")).body(text)
        }
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
