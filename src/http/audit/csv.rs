//! Events as comma-separated values (RFC 4180) that no spreadsheet takes for a formula.

use std::net::IpAddr;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;

use crate::domain::{
    MeshId,
    audit::{ActorId, Event},
};

/// The first line.
pub(super) const HEADER: &str = "seq,id,org,at,actor_kind,actor_id,action,subject_kind,subject_id,mesh,before,after,\
                                 request_id,address,hash\r\n";

/// What a formula begins with, and what makes a program look at what follows (OWASP, CSV injection).
const OF_A_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One event as one line.
pub(super) fn line(event: &Event) -> String {
    let json = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let cells = [
        Some(event.seq.to_string()),
        Some(event.id.to_string()),
        Some(event.org.to_string()),
        event.at.format(&Rfc3339).ok(),
        Some(event.actor.kind.clone()),
        event.actor.id.as_ref().map(ActorId::to_string),
        Some(event.action.clone()),
        Some(event.subject.kind.clone()),
        Some(event.subject.id.clone()),
        event.mesh.as_ref().map(MeshId::to_string),
        json(&event.before),
        json(&event.after),
        event.request_id.clone(),
        event.address.as_ref().map(IpAddr::to_string),
        Some(event.hash.hex()),
    ];
    let mut line = cells.map(|text| cell(&text.unwrap_or_default())).join(",");
    line.push_str("\r\n");
    line
}

/// A text as a cell: never a formula, and quoted where it has to be.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(OF_A_FORMULA) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_each_is_quoted_as_it_must_be() {
        for (text, written) in [
            ("", ""),
            ("plain - text = 1", "plain - text = 1"),
            ("a,b", "\"a,b\""),
            ("{\"a\":1}", "\"{\"\"a\"\":1}\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("\n=1", "\"'\n=1\""),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
    }

    #[test]
    fn the_header_names_each_cell() {
        let event = serde_json::json!({
            "id": "evt_01m7xpx2j0efct6h2vpcbkhxys", "seq": 7, "org": "org_01m80bgr93ezxbnvpwbrdt5g2k",
            "at": "2026-11-21T23:31:00Z", "actor": { "kind": "local", "id": null }, "action": "org.edited",
            "subject": { "kind": "org", "id": "x" }, "mesh": null, "before": { "name": "a,b" }, "after": null,
            "request_id": null, "address": "::1", "hash": "0".repeat(64),
        });
        let expected = format!(
            "7,evt_01m7xpx2j0efct6h2vpcbkhxys,org_01m80bgr93ezxbnvpwbrdt5g2k,2026-11-21T23:31:00Z,local,,org.edited,org,x,,\
             \"{{\"\"name\"\":\"\"a,b\"\"}}\",,,::1,{}\r\n",
            "0".repeat(64)
        );
        assert_eq!(line(&serde_json::from_value(event).unwrap()), expected);
        assert_eq!(HEADER.split(',').count(), 15);
    }
}
