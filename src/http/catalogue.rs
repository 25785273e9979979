//! The catalogue of problems: one code each, with its status, its title, what it means, and its page, which is the one in
//! `docs/reference/errors`.

use actix_web::http::StatusCode;

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The stable code that programs may depend on.
    pub code: &'static str,
    /// The status that goes with it.
    pub status: u16,
    /// A short text, the same for every such problem.
    pub title: &'static str,
    /// What it means, and what to do about it.
    pub explanation: &'static str,
    /// The whole page, as Markdown: an example, likely causes, what to do.
    pub page: &'static str,
}

macro_rules! catalogue {
    ($($name:ident = $status:literal $code:literal $title:literal $explanation:literal;)+) => {
        $(
            #[doc = $explanation]
            pub const $name: &Kind = &Kind {
                code: $code,
                status: $status,
                title: $title,
                explanation: $explanation,
                page: include_str!(concat!("../../docs/reference/errors/", $code, ".md")),
            };
        )+
        /// All of them, by status.
        pub const ALL: &[&Kind] = &[$($name),+];
    };
}

catalogue! {
    INVALID_REQUEST = 400 "invalid_request" "Request not understood"
        "The request contradicts itself or breaks HTTP: two credentials, a header twice, a credential in the URL, an unreadable precondition. Send the key once, as `Authorization: Bearer` or `X-API-Key`, and never in the URL.";
    MALFORMED_JSON = 400 "malformed_json" "Body is not JSON"
        "The body could not be read as JSON. The detail says where reading stopped.";
    UNAUTHORIZED_CLIENT = 400 "unauthorized_client" "Not yours to revoke"
        "The token is a key that yours may know of and may not revoke. That takes the key itself, or one with `admin` that covers it.";
    AUTHORIZATION_PENDING = 400 "authorization_pending" "Not decided yet"
        "Nobody has said yes or no to this login. Ask again after `interval` seconds, until it has ended.";
    SLOW_DOWN = 400 "slow_down" "Too early"
        "The terminal has asked again too early. From now on it waits for 5 seconds more between two questions.";
    ACCESS_DENIED = 400 "access_denied" "Login denied"
        "Somebody has said no to this login; or may not any more what was approved, or has signed out before the terminal came for its key.";
    EXPIRED_TOKEN = 400 "expired_token" "Login over"
        "The login was not decided within ten minutes. Begin another one.";
    INVALID_GRANT = 400 "invalid_grant" "No such login"
        "There is no login with this device code, or its key was taken already: it is given once.";
    INVALID_CLIENT = 400 "invalid_client" "Client not known"
        "The `client_id` names no client of this service. There is one, `meshkey-cli`, and it has no secret.";
    UNSUPPORTED_GRANT_TYPE = 400 "unsupported_grant_type" "Grant type not supported"
        "The one `grant_type` that there is here is `urn:ietf:params:oauth:grant-type:device_code`.";
    INVALID_SCOPE = 400 "invalid_scope" "Scope not understood"
        "The `scope` names something that is neither a capability nor a topic as `topic:deploys`. The detail says what.";
    INVALID_CURSOR = 400 "invalid_cursor" "Cursor not valid here"
        "The cursor belongs to another list or to other filters. Start again without a cursor.";
    UNAUTHENTICATED = 401 "unauthenticated" "Key required"
        "No key was sent. Send one as `Authorization: Bearer mshk_…` or `X-API-Key: mshk_…`.";
    INVALID_TOKEN = 401 "invalid_token" "Key not accepted"
        "The key is unknown, revoked, expired or disabled. Which of these it is, is not told to the bearer: an admin sees it in the key list, and a service by asking `/v1/verify`.";
    CROSS_SITE = 403 "cross_site" "Made by another site"
        "A session opens the API to the dashboard's own pages alone: send a key instead.";
    PERSON_REQUIRED = 403 "person_required" "Not for keys"
        "This takes a person who is signed in: no key can do it.";
    CONFIRMATION_REQUIRED = 403 "confirmation_required" "Confirm that it is you"
        "This takes somebody who has shown within the last 15 minutes who they are: confirm it at `/confirm`, then try again.";
    INSUFFICIENT_SCOPE = 403 "insufficient_scope" "Key not enough"
        "The key is live, and does not hold what this takes. `denial`, `capability` and `topic` name what was missing. Ask an admin for a key that holds it.";
    EXCEEDS_AUTHORITY = 403 "exceeds_authority" "More than your key holds"
        "Nobody hands out more than they hold: the key that was to be issued, widened, rotated or enabled may do something that yours may not. `errors` names what.";
    POLICY_REFUSED = 403 "policy_refused" "Against the policy"
        "The policy of the org, or of the mesh, does not let such a key be handed out, or not by whoever asked. `errors` names each rule, what it allows and whose policy it stands in.";
    OWNER_ONLY = 403 "owner_only" "Owners only"
        "Only an owner of the org who is signed in, and has just confirmed that, makes, changes or removes owners, and sets or takes back rules of a policy that are for owners; no key does, not even an admin's. On the host, `meshkey admin` makes and removes owners too, and `meshkey admin policy` sets every rule.";
    ORG_SUSPENDED = 403 "org_suspended" "Org suspended"
        "The org is suspended, and its keys are denied until an operator resumes it with `meshkey org resume`.";
    MESH_ARCHIVED = 403 "mesh_archived" "Mesh archived"
        "The mesh is archived, and its keys are denied until an admin of the org unarchives it.";
    IP_NOT_ALLOWED = 403 "ip_not_allowed" "Address not allowed"
        "The key may only be used from the addresses on its list, and the request came from another.";
    GATEWAY_MISCONFIGURED = 403 "gateway_misconfigured" "Gateway misconfigured"
        "A gateway asked whether a request may pass, and its question makes no sense, so that nobody passes. This says nothing about the key. The log has what is wrong under the request id.";
    PATH_NOT_CANONICAL = 403 "path_not_canonical" "Path not canonical"
        "The path can be read in more than one way, so that the service behind the gateway might understand another one than was judged. Send it in its one plain spelling.";
    METHOD_NOT_IN_GATE = 403 "method_not_in_gate" "Method not let through"
        "The gate before the service names the methods that may pass, and this is none of them.";
    TOPIC_NOT_IN_PATH = 403 "topic_not_in_path" "No topic in the path"
        "The gate before the service takes the topic from a segment of the path, and in this path that segment is missing or no topic's name.";
    NOT_FOUND = 404 "not_found" "Not found"
        "There is no such thing, or none that the key may know of. Both look the same on purpose.";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "Method not allowed"
        "This path does not know the method. The `Allow` header lists those it knows.";
    REQUEST_TIMEOUT = 408 "request_timeout" "Body too slow"
        "The body did not arrive in time. Nothing was done; send it again.";
    ALREADY_EXISTS = 409 "already_exists" "Name taken"
        "The name is taken. What is archived keeps its name, so that no key can inherit a grant from what is gone.";
    ALREADY_REVOKED = 409 "already_revoked" "Key already revoked"
        "The key was revoked, which is final. Issue a new one.";
    KEY_EXPIRED = 409 "key_expired" "Key expired"
        "The key has expired. Give it a later end first, or issue a new one.";
    ALREADY_DISABLED = 409 "already_disabled" "Key already disabled"
        "The key is disabled already.";
    NOT_DISABLED = 409 "not_disabled" "Key not disabled"
        "The key is not disabled, so that there is nothing to enable.";
    ALREADY_ROTATING = 409 "already_rotating" "Key already rotating"
        "A replaced secret of the key still lives, and a key has at most two. End the overlap with `rotate/finish`, or wait for its end.";
    NOT_ROTATING = 409 "not_rotating" "Key not rotating"
        "No replaced secret of the key lives, so that there is no overlap to end.";
    ALREADY_ARCHIVED = 409 "already_archived" "Already archived"
        "It is archived already.";
    NOT_ARCHIVED = 409 "not_archived" "Not archived"
        "It is not archived, so that there is nothing to undo.";
    TOPIC_ARCHIVED = 409 "topic_archived" "Topic archived"
        "The topic is archived: it can be read, and takes no more messages or state.";
    KEY_LIMIT_REACHED = 409 "key_limit_reached" "Too many live keys"
        "The org has as many live keys as the setting `max_live_keys` allows. Revoke some that are no longer used.";
    CAPABILITY_IN_USE = 409 "capability_in_use" "Capability in use"
        "A key that is neither revoked nor expired has the capability, or a gate demands it. Take it from those keys and gates first.";
    CAPABILITY_LIMIT_REACHED = 409 "capability_limit_reached" "Too many capabilities"
        "The org has declared 64 capabilities, which is as many as it may. Retire some that are no longer used.";
    GATE_LIMIT_REACHED = 409 "gate_limit_reached" "Too many gates"
        "The org has 100 gates, which is as many as it may. Delete some that no gateway names any more.";
    LAST_OWNER = 409 "last_owner" "Last owner"
        "An org always has an owner, and this is the last one. Make somebody else an owner first.";
    OWN_ROLE = 409 "own_role" "Own role"
        "Nobody changes their own role. Another owner or admin can; and whoever wants to may leave.";
    ALREADY_MEMBER = 409 "already_member" "Member already"
        "The person with this address has a role there already. Change the member instead.";
    ALREADY_INVITED = 409 "already_invited" "Invited already"
        "There is an open invitation for this address at this place. Withdraw it, or send it anew.";
    INVITATION_LIMIT_REACHED = 409 "invitation_limit_reached" "Too many invitations"
        "The org has 500 open invitations, which is as many as it may. Withdraw some, or wait until they expire.";
    INVITATION_OVER = 409 "invitation_over" "Invitation over"
        "The invitation is not open any more: it was accepted or withdrawn, or it has expired.";
    PRECONDITION_FAILED = 412 "precondition_failed" "Changed meanwhile"
        "It was changed since you read it. Read it again, and send its new `ETag` in `If-Match`.";
    PAYLOAD_TOO_LARGE = 413 "payload_too_large" "Body too large"
        "The body is larger than 64 KiB.";
    URI_TOO_LONG = 414 "uri_too_long" "URL too long"
        "The URL is longer than 8 KiB.";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "Content type not supported"
        "The body must be JSON, and say so in `Content-Type`. `Accept-Post` or `Accept-Patch` lists what would do.";
    INVALID_INPUT = 422 "invalid_input" "Input not valid"
        "The request could be read, and asks for something that is not legal. `errors` says what, and where it stands: `pointer` in the body, `parameter` in the query.";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency_key_reused" "Idempotency key reused"
        "The same `Idempotency-Key` was sent within 24 hours with another body. Choose a new one for a new request.";
    PRECONDITION_REQUIRED = 428 "precondition_required" "If-Match required"
        "A change needs `If-Match` with the `ETag` that you read, so that nobody overwrites what they have not seen. `If-Match: *` changes whatever is there.";
    RATE_LIMITED = 429 "rate_limited" "Key used too often"
        "The key is used more often than its rate allows. Wait for `Retry-After` seconds. `RateLimit-Policy` says what it may, and `RateLimit` on every answer how much of that is left.";
    TOO_MANY_FAILURES = 429 "too_many_failures" "Too many failed attempts"
        "Too many requests came from this address with keys that nobody holds, and this one had none either. A key that somebody holds is never answered so. Wait for `Retry-After` seconds before you try another.";
    TOO_MANY_LOGINS = 429 "too_many_logins" "Too many logins"
        "As many logins are open as may be, from this address or in all. Each is over after ten minutes: try again after `Retry-After` seconds.";
    TOO_MANY_STREAMS = 429 "too_many_streams" "Too many streams"
        "As many streams, sockets or tickets for sockets are open as may be, with this key or in all. Close one, or try again after `Retry-After` seconds: one stream can follow a topic for many readers behind it.";
    INTERNAL = 500 "internal" "Internal error"
        "A mistake of ours. The log has its cause under the request id.";
    REVOCATION_UNCONFIRMED = 503 "revocation_unconfirmed" "Not confirmed"
        "The change was committed, but it could not be confirmed that every process of the installation knows of it. Send the same again: it waits for that, and changes nothing twice.";
    STORE_UNAVAILABLE = 503 "store_unavailable" "Store out of reach"
        "The database could not be asked. This says nothing about your key: keep it, and try again after `Retry-After` seconds. If it was a change, it is not known whether it was made; send it again with the same `Idempotency-Key`.";
}

impl Kind {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The kind for what the framework refused by itself.
    #[must_use]
    pub fn of(status: StatusCode) -> &'static Self {
        match status.as_u16() {
            404 => NOT_FOUND,
            405 => METHOD_NOT_ALLOWED,
            408 => REQUEST_TIMEOUT,
            413 => PAYLOAD_TOO_LARGE,
            414 => URI_TOO_LONG,
            400..=499 => INVALID_REQUEST,
            _ => INTERNAL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once_and_has_a_status_and_a_page() {
        for (place, kind) in ALL.iter().enumerate() {
            assert!((400..600).contains(&kind.status), "{kind:?}");
            assert!(ALL[..place].iter().all(|other| other.code != kind.code), "{kind:?}");
            let head = format!("# `{}` **{} {}.** {} ", kind.code, kind.status, kind.title, kind.explanation);
            let page = kind.page.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(page.starts_with(&head), "docs/reference/errors/{}.md should begin with:\n{head}", kind.code);
            for part in ["\n```json\n", "\n## Likely causes\n", "\n## What to do\n"] {
                assert_eq!(kind.page.matches(part).count(), 1, "{part} in docs/reference/errors/{}.md", kind.code);
            }
            assert!(!kind.page.contains("]("), "a link of {} would lead nowhere in the service", kind.code);
        }
    }
}
