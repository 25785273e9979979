//! A connection that listens.

use futures_util::{StreamExt as _, stream::poll_fn};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Connection, Notification, Socket};

/// Keeps the connection going until the client is dropped, and passes on what is announced to it.
pub(super) fn drive<S>(
    (client, mut connection): (Client, Connection<Socket, S>),
) -> (Client, UnboundedReceiver<Notification>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (tell, heard) = unbounded_channel();
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message {
                let _ = tell.send(notification);
            }
        }
    });
    (client, heard)
}
