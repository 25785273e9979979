//! Whether a database is whole: laws over all of it, as a superuser sees it. Nothing in it is half of something.

use std::collections::BTreeMap;

use meshkey::domain::{GateId, InvitationId, KeyId, MeshId, OrgId, UserId};
use serde_json::{Map, Value};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::tools::{COUNTED, PASSING, tables, texts};

/// What the background writes at its own pace: whom it told of ends, what it called, and how that ended.
const BACKGROUND: [&str; 4] = ["end_notices", "socket_tickets", "told_ends", "webhook_calls"];

/// What must not be, each with a query that finds it.
const LAWS: [(&str, &str); 11] = [
    (
        "a chain with a gap, or a link that does not follow from the one before",
        "SELECT org_id, seq FROM (
             SELECT org_id, seq, hash, canonical, row_number() OVER link AS place,
                    lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER link AS before
             FROM audit_events WINDOW link AS (PARTITION BY org_id ORDER BY seq)
         ) e WHERE seq <> place OR hash <> sha256(before || canonical)",
    ),
    (
        "an org whose chain does not end where its head says",
        "SELECT o.slug FROM orgs o LEFT JOIN audit_heads h ON h.org_id = o.id
         LEFT JOIN LATERAL (SELECT seq, hash FROM audit_events WHERE org_id = o.id ORDER BY seq DESC LIMIT 1) e ON true
         WHERE (h.seq, h.hash) IS DISTINCT FROM (e.seq, e.hash)",
    ),
    (
        "a head that counts other keys than there are",
        "SELECT h.org_id FROM audit_heads h
         WHERE unrevoked_keys <> (SELECT count(*) FROM api_keys k WHERE k.org_id = h.org_id AND revoked_at IS NULL)",
    ),
    (
        "a key whose secrets are not numbered from one on, or whose newest has an end",
        "SELECT k.id FROM api_keys k LEFT JOIN key_secrets s ON s.key_id = k.id GROUP BY k.id
         HAVING count(s.number) = 0 OR min(s.number) <> 1 OR max(s.number) <> count(*)
             OR max(s.number) IS DISTINCT FROM max(s.number) FILTER (WHERE s.dies_at IS NULL)",
    ),
    (
        "a key with more than two live secrets",
        "SELECT key_id FROM key_secrets WHERE dies_at IS NULL OR dies_at > now() GROUP BY key_id HAVING count(*) > 2",
    ),
    (
        "a gate that demands a capability that its org has not declared",
        "SELECT g.id FROM gates g, jsonb_each_text(g.methods) AS demanded
         WHERE demanded.value NOT IN ('send', 'read', 'state_write', 'admin', 'verify')
           AND NOT EXISTS (SELECT FROM capabilities d WHERE d.org_id = g.org_id AND d.name = demanded.value)",
    ),
    (
        "a live key with a capability that its org has not declared",
        "SELECT k.id FROM api_keys k, unnest(k.capabilities) AS held
         WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
             AND held NOT IN ('send', 'read', 'state_write', 'admin', 'verify')
             AND NOT EXISTS (SELECT FROM capabilities d WHERE d.org_id = k.org_id AND d.name = held)",
    ),
    ("a first answer that was promised and not kept", "SELECT route, key FROM idempotency WHERE answer IS NULL"),
    (
        "a topic whose messages have a gap, or are not as many as it says",
        "SELECT t.name FROM topics t LEFT JOIN messages m ON m.mesh_id = t.mesh_id AND m.topic = t.name
         GROUP BY t.mesh_id, t.name, t.last_seq
         HAVING count(m.seq) <> t.last_seq OR coalesce(max(m.seq), 0) <> t.last_seq",
    ),
    ("an org without a key", "SELECT slug FROM orgs o WHERE NOT EXISTS (SELECT FROM api_keys k WHERE k.org_id = o.id)"),
    (
        "an event that is written otherwise than it is shown",
        "SELECT org_id, seq FROM audit_events WHERE position(convert_to(action, 'UTF8') IN canonical) = 0
             OR position(convert_to(subject_id, 'UTF8') IN canonical) = 0",
    ),
];

/// Everything that the audit tells of, by the kind of its id: its version, and what its events say of it in the end.
const THINGS: [(&str, &str); 7] = [
    (
        "org",
        "SELECT id, '', version, jsonb_build_object('name', name, 'suspended', suspended_at IS NOT NULL) FROM orgs",
    ),
    (
        "mesh",
        "SELECT id, '', version, jsonb_build_object('name', name, 'archived', archived_at IS NOT NULL) FROM meshes",
    ),
    (
        "topic",
        "SELECT mesh_id, name, version,
                jsonb_build_object('description', description, 'archived', archived_at IS NOT NULL) FROM topics",
    ),
    (
        "capability",
        "SELECT org_id, name, version, jsonb_build_object('name', name, 'description', description) FROM capabilities",
    ),
    (
        "gate",
        "SELECT id, '', version,
                jsonb_build_object('name', name, 'description', description, 'methods', methods, 'deny_429', deny_429)
         FROM gates",
    ),
    (
        "policy",
        "SELECT coalesce(mesh_id, org_id), CASE WHEN mesh_id IS NULL THEN 'org' ELSE 'mesh' END, version,
                jsonb_build_object('expiry_required', expiry_required, 'topics_required', topics_required,
                    'admin_keys_by', admin_keys_by, 'org_keys_by', org_keys_by, 'note_required', note_required,
                    'admin_addresses_required', admin_addresses_required, 'confirmation_required', confirmation_required)
         FROM policies",
    ),
    (
        "key",
        "SELECT id, '', version,
                jsonb_build_object('label', label, 'note', note, 'capabilities', to_jsonb(capabilities),
                    'disabled', disabled_at IS NOT NULL, 'revoked', revoked_at IS NOT NULL,
                    'secrets', (SELECT max(number) FROM key_secrets s WHERE s.key_id = k.id)) FROM api_keys k",
    ),
];

/// What has no version of its own, and what its events say of it in the end. One that was taken back has none left.
const WITHOUT_VERSION: [(&str, &str); 3] = [
    (
        "invitation",
        "SELECT id, jsonb_build_object('email', email, 'role', role) FROM invitations WHERE withdrawn_at IS NULL",
    ),
    ("webhook", "SELECT org_id, '{}'::jsonb FROM webhooks"),
    ("member", "SELECT DISTINCT user_id, '{}'::jsonb FROM memberships"),
];

/// Panics, saying what is half, unless all of the database is whole.
pub async fn ensure_whole(db: &Client) {
    for (fault, query) in LAWS {
        let found = texts(db, query).await;
        assert!(found.is_empty(), "{fault}: {found:?}");
    }
    let mut told = told(db).await;
    for (kind, query) in THINGS {
        for row in db.query(query, &[]).await.unwrap() {
            let subject = subject(kind, row.get(0), row.get(1));
            let (events, says) = told.remove(&(kind.to_owned(), subject.clone())).unwrap_or_default();
            assert_eq!(
                row.get::<_, i64>(2),
                events,
                "{subject} has changed without an event, or an event is of no change"
            );
            for (name, is) in row.get::<_, Value>(3).as_object().unwrap() {
                assert_eq!(
                    says.get(name).unwrap_or(&Value::Null),
                    is,
                    "{name} of {subject} is not what its events say"
                );
            }
        }
    }
    for (kind, query) in WITHOUT_VERSION {
        for row in db.query(query, &[]).await.unwrap() {
            let subject = subject(kind, row.get(0), "");
            let Some((_, says)) = told.remove(&(kind.to_owned(), subject.clone())) else {
                assert_eq!(kind, "member", "{subject} is there without an event");
                continue;
            };
            for (name, is) in row.get::<_, Value>(1).as_object().unwrap() {
                assert_eq!(says.get(name), Some(is), "{name} of {subject} is not what its events say");
            }
        }
    }
    assert!(told.is_empty(), "events of things that are not there: {told:?}");
}

/// What the events say: of each subject that is left, how many there are, and what they tell of it when put together.
async fn told(db: &Client) -> BTreeMap<(String, String), (i64, Map<String, Value>)> {
    let mut told = BTreeMap::<_, (i64, Map<String, Value>)>::new();
    // Who takes events along changes nothing.
    let events = "SELECT subject_kind, subject_id, after FROM audit_events
                  WHERE action <> 'audit.exported' ORDER BY org_id, seq";
    for row in db.query(events, &[]).await.unwrap() {
        let subject = (row.get(0), row.get(1));
        let Some(after) = row.get::<_, Option<Value>>(2) else {
            told.remove(&subject);
            continue;
        };
        let (events, says) = told.entry(subject).or_default();
        *events += 1;
        says.extend(after.as_object().into_iter().flatten().map(newest));
    }
    told
}

/// Of the live secrets only the newest: the others end by themselves.
fn newest((name, value): (&String, &Value)) -> (String, Value) {
    let newest = || value.as_array().unwrap().iter().filter_map(|secret| secret["number"].as_i64()).max();
    (name.clone(), if name == "secrets" { newest().into() } else { value.clone() })
}

fn subject(kind: &str, id: Uuid, name: &str) -> String {
    match kind {
        "org" | "webhook" => OrgId::from(id).to_string(),
        "policy" if name == "org" => OrgId::from(id).to_string(),
        "capability" => name.to_owned(),
        "mesh" | "policy" => MeshId::from(id).to_string(),
        "gate" => GateId::from(id).to_string(),
        "invitation" => InvitationId::from(id).to_string(),
        "member" => UserId::from(id).to_string(),
        "topic" => format!("{}/{name}", MeshId::from(id)),
        _ => KeyId::from(id).to_string(),
    }
}

/// Every row of a database, without when keys were used and what for: as numbers, by table, in their order.
#[derive(PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, Vec<i64>>);

/// How many rows came and went, by table; a row that was changed went and came.
pub type Difference = BTreeMap<String, (usize, usize)>;

impl Snapshot {
    /// The query of all snapshots of a database of this schema.
    pub async fn query(db: &Client) -> String {
        let of = |table: &String| {
            let ended = if table == "webhooks" { " - 'tried_at' - 'status' - 'reason'" } else { "" };
            let row = format!("hashtextextended((to_jsonb(t) - 'last_used_at' - 'last_used_from'{ended})::text, 0)");
            format!("SELECT '{table}', array_agg(n ORDER BY n) FROM (SELECT {row} AS n FROM {table} t) r")
        };
        tables(db)
            .await
            .iter()
            .filter(|table| ![&PASSING[..], &COUNTED, &BACKGROUND].iter().any(|left| left.contains(&table.as_str())))
            .map(of)
            .collect::<Vec<_>>()
            .join(" UNION ALL ")
    }

    /// What there is now.
    pub async fn take(db: &Client, query: &str) -> Self {
        let rows = db.query(query, &[]).await.unwrap();
        let of = |row: &Row| (row.get(0), row.get::<_, Option<_>>(1).unwrap_or_default());
        Self(rows.iter().map(of).collect())
    }

    /// What has become of it.
    pub fn until(&self, later: &Self) -> Difference {
        let missing =
            |these: &[i64], those: &[i64]| these.iter().filter(|row| those.binary_search(row).is_err()).count();
        let tables = self.0.iter().filter(|(table, rows)| later.0[*table] != **rows);
        let difference = |(table, rows): (&String, &Vec<i64>)| {
            (table.clone(), (missing(&later.0[table], rows), missing(rows, &later.0[table])))
        };
        tables.map(difference).collect()
    }
}
