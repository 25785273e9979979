//! Answers that are taken as they come: there is no time by which all of it has to be there, but something has to come.

use std::{
    io::{ErrorKind, Write},
    time::Duration,
};

use futures_util::{Stream, stream};
use sse_stream::{Sse, SseByteStream};
use thiserror::Error;
use tokio::time::timeout;

use super::{super::Failure, ask::Ask, connection::Client};

/// For how long nothing may come. Of a stream of events something does every 15 seconds.
const QUIET: Duration = Duration::from_secs(45);

/// Why no more comes.
#[derive(Debug, Error)]
pub(super) enum Cut {
    /// The connection did not hold.
    #[error("the connection broke: {0}")]
    Broken(#[from] reqwest::Error),
    /// Nobody says anything.
    #[error("nothing has come for {} s", QUIET.as_secs())]
    Silent,
}

impl Client {
    /// Sends, and gives the answer as it comes, if it is no problem.
    pub(super) async fn stream(&self, ask: &Ask) -> Result<reqwest::Response, Failure> {
        let response = self.open_ended(ask).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let answer = self.whole(ask, response).await?;
        Err(self.unless_problem(answer).await.err().unwrap_or_else(|| Failure::Other("there is no answer".to_owned())))
    }
}

/// The events of a stream (server-sent events, WHATWG HTML 9.2).
pub(super) fn events(response: reqwest::Response) -> impl Stream<Item = Result<Sse, sse_stream::Error>> + Unpin {
    let parts = stream::try_unfold(response, |mut response| async move {
        let chunk = timeout(QUIET, response.chunk()).await.map_err(|_| Cut::Silent)??;
        Ok::<_, Cut>(chunk.map(|chunk| (chunk, response)))
    });
    SseByteStream::new(Box::pin(parts))
}

/// Hands everything on as it comes.
pub(super) async fn pour(response: &mut reqwest::Response, out: &mut impl Write) -> Result<Result<(), Cut>, Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Other(format!("cannot write: {error}")),
    };
    loop {
        let chunk = match timeout(QUIET, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Ok(Ok(())),
            Ok(Err(error)) => return Ok(Err(error.into())),
            Err(_) => return Ok(Err(Cut::Silent)),
        };
        out.write_all(&chunk).and_then(|()| out.flush()).map_err(failed)?;
    }
}
