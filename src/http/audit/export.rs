//! Take the audit along, as a stream: as JSON lines or as comma-separated values.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web::{Bytes, Data},
};
use futures_util::stream;
use serde::Deserialize;

use super::{csv, filter::filtered};
use crate::{
    domain::audit::Event,
    http::{
        Caller, Input, Problem,
        body::NoBody,
        guard::{Within, may},
    },
    service::{
        self, House,
        audit::export::{Cut, Export},
        house::Mode,
    },
};

/// How the events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// A line of JSON for each: what can be proved.
    #[default]
    Jsonl,
    /// For spreadsheets.
    Csv,
}

impl Format {
    const fn media(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    const fn head(self) -> &'static str {
        match self {
            Self::Jsonl => "",
            Self::Csv => csv::HEADER,
        }
    }

    fn line(self, event: &Event) -> Vec<u8> {
        match self {
            Self::Jsonl => [event.line(), b"\n".to_vec()].concat(),
            Self::Csv => csv::line(event).into_bytes(),
        }
    }
}

filtered! {
    /// The query of an export.
    ExportQuery {
        #[serde(default)]
        format: Format,
    }
}

/// Every event that is wanted, the oldest first. Where it breaks off, the body does not end as a whole one does.
pub async fn export(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, ExportQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input: Input { query, request, .. }, .. } = caller;
    let (filter, format) = (query.filter()?, query.format);
    let name = format!("attachment; filename=\"audit-{}.{}\"", proof.org_slug(), format.ending());
    let is_tried = request.method() == Method::HEAD;
    let mode = if is_tried { Mode::Dry } else { Mode::Real };
    let wanted = (&filter, query.mesh.as_deref());
    let export = service::audit::export::export(house.into_inner(), proof, wanted, format.ending(), mode).await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CONTENT_TYPE, format.media())).insert_header((header::CONTENT_DISPOSITION, name));
    if is_tried {
        return Ok(answer.streaming(stream::empty::<Result<Bytes, Cut>>()));
    }
    let start = (Some(format.head()), Some(export));
    Ok(answer.streaming(stream::unfold(start, move |(head, export)| next(head, export, format))))
}

type State = (Option<&'static str>, Option<Export>);

/// The next chunk: the head and then a part at a time, nothing behind the last or behind an error.
async fn next(
    head: Option<&'static str>,
    export: Option<Export>,
    format: Format,
) -> Option<(Result<Bytes, Cut>, State)> {
    let mut export = export?;
    if let Some(head) = head.filter(|head| !head.is_empty()) {
        return Some((Ok(Bytes::from_static(head.as_bytes())), (None, Some(export))));
    }
    match export.next().await {
        Ok(Some(part)) => {
            let lines: Vec<u8> = part.iter().flat_map(|event| format.line(event)).collect();
            Some((Ok(lines.into()), (None, Some(export))))
        }
        Ok(None) => None,
        Err(cut) => Some((Err(cut), (None, None))),
    }
}
