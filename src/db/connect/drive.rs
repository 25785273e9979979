//! Keeping a connection going, and what the server says on it beside its answers.

use deadpool_postgres::Connect;
use futures_util::{StreamExt as _, future::BoxFuture, stream::poll_fn};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Notification, Socket};

use super::chain;

/// What the server calls its waiting for standbys, in every language.
const WAIT_FOR_STANDBYS: &str = "SyncRepWaitForLSN";

/// Keeps the connection going until the client is dropped.
pub(super) fn drive<S>((client, connection): (Client, Connection<Socket, S>)) -> Client
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(keep(connection, |_| {}));
    client
}

/// The same, and passes on what is announced to it.
pub(super) fn hear<S>(
    (client, connection): (Client, Connection<Socket, S>),
) -> (Client, UnboundedReceiver<Notification>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (tell, heard) = unbounded_channel();
    tokio::spawn(keep(connection, move |notification| _ = tell.send(notification)));
    (client, heard)
}

/// How a pool makes its connections.
pub(super) struct Driver<T>(pub(super) T);

impl<T> Connect for Driver<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync + 'static,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let (config, tls) = (config.clone(), self.0.clone());
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await?;
            Ok((client, tokio::spawn(keep(connection, |_| {}))))
        })
    }
}

/// Ends the connection when a wait for standbys was cancelled: the server calls the commit a success then, though a standby
/// that takes over may not have it. Who waits for the answer learns that it is not known.
async fn keep<S>(mut connection: Connection<Socket, S>, mut hear: impl FnMut(Notification))
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => hear(notification),
            Ok(AsyncMessage::Notice(notice)) if is_unconfirmed(&notice) => {
                return tracing::warn!(
                    notice = notice.message(),
                    "a commit that no standby has confirmed is not taken for one"
                );
            }
            Ok(_) => {}
            Err(error) => return tracing::warn!(error = chain(&error), "a connection to the database has ended"),
        }
    }
}

fn is_unconfirmed(notice: &DbError) -> bool {
    notice.routine() == Some(WAIT_FOR_STANDBYS)
}
