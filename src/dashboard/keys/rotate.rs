//! `/orgs/{org}/keys/{key}/rotate`: a new secret under the same id, and how long the old one goes on.

use actix_web::{HttpRequest, HttpResponse, ResponseError as _, http::StatusCode, web::Data};
use maud::{Markup, html};
use time::Duration;
use uuid::Uuid;

use super::{issue::kept, reveal, row};
use crate::{
    dashboard::{
        Fault,
        done::told,
        org::{Insider, Section},
        page::{lead_to, sentence, token},
        parts::times::{ago, span_words, when},
        visitor::{Sent, then},
    },
    db::keys::Dated,
    domain::{KeyId, Policy, Span, key::LONGEST_OVERLAP, page::Limit, policy::Rule, usage::By},
    http::{
        Problem, catalogue,
        guard::{OwnKeyOr, may},
    },
    service::{Conflict, House, Once, Refusal, ground, house::Mode, rotate, usage},
};

/// Who holds the key, or manages it: as at the API.
type Keeper = Insider<OwnKeyOr<may::Admin>>;
/// The overlaps to choose from, in seconds, with what each is called.
const USUAL: [(u64, &str); 4] =
    [(0, "None: the old secret dies now"), (3_600, "1 hour"), (86_400, "24 hours"), (604_800, "7 days")];

/// The form.
pub async fn show(house: Data<House>, keeper: Keeper) -> Result<HttpResponse, Fault> {
    page(&house, &keeper, StatusCode::OK, &Filled::default(), &html! {}).await
}

/// What is filled in.
#[derive(Default)]
struct Filled {
    overlap: String,
    other: String,
}

impl Filled {
    fn overlap(&self) -> Result<Duration, String> {
        let text = if self.overlap == "other" { &self.other } else { &self.overlap };
        let wrong = || "An overlap is a number and s, m, h or d, at most 7d: 0s, 90m or 2d".to_owned();
        let overlap = text.parse::<Span>().map_err(|_| wrong())?.duration();
        if overlap > LONGEST_OVERLAP { Err(wrong()) } else { Ok(overlap) }
    }
}

/// Gives the key a new secret, and shows it.
pub async fn take(house: Data<House>, sent: Sent<Keeper>) -> Result<HttpResponse, Fault> {
    let Sent { by: keeper, form } = sent;
    let id = key_of(&keeper.person.request)?;
    let filled = Filled { overlap: form.shown("overlap").to_owned(), other: form.shown("other").trim().to_owned() };
    let overlap = match filled.overlap() {
        Ok(overlap) => overlap,
        Err(words) => {
            return page(&house, &keeper, StatusCode::UNPROCESSABLE_ENTITY, &filled, &wrong(&words, true)).await;
        }
    };
    let request = form.once(&keeper.person.request, &keeper.proof);
    match rotate::rotate(&house, &keeper.proof, id, Some(overlap), Mode::Real, request.as_ref(), &kept).await {
        Ok(done) => match done.value {
            Once::Done(issued) => reveal::show(&house, &keeper, &issued, "Key rotated").await,
            Once::Replayed(before) => reveal::again(&house, &keeper, &before).await,
        },
        Err(refusal) => refused(&house, &keeper, &filled, refusal).await,
    }
}

/// Ends the overlap: the old secret dies now.
pub async fn finish(house: Data<House>, sent: Sent<Keeper>) -> Result<HttpResponse, Fault> {
    let keeper = sent.by;
    let id = key_of(&keeper.person.request)?;
    match rotate::finish(&house, &keeper.proof, id, Mode::Real).await {
        Ok(done) => {
            let path = keeper.at(&format!("/keys/{id}"));
            Ok(lead_to(&told(&keeper, &path, "finished", done.settled.as_ref())))
        }
        // Who presses twice, or too late, finds it done.
        Err(Refusal::Conflict(Conflict::NotRotating) | Refusal::AlreadySo(Conflict::NotRotating, _)) => {
            Ok(lead_to(&keeper.at(&format!("/keys/{id}"))))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn key_of(request: &HttpRequest) -> Result<KeyId, Fault> {
    let named = request.match_info().get("key").and_then(|id| id.parse().ok());
    named.ok_or_else(|| Problem::of(catalogue::NOT_FOUND).into())
}

fn wrong(words: &str, is_at_field: bool) -> Markup {
    html! {
        div.alert.wide role="alert" tabindex="-1" {
            p { strong { "The key was not rotated." } }
            p { @if is_at_field { a href="#overlap" { (sentence(words)) } } @else { (sentence(words)) } }
        }
    }
}

async fn refused(house: &House, keeper: &Keeper, filled: &Filled, refusal: Refusal) -> Result<HttpResponse, Fault> {
    let is_stale = matches!(refusal, Refusal::NotFresh);
    let problem = Problem::from(refusal);
    let status = problem.status_code();
    if status.is_server_error() || [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND].contains(&status) {
        return Err(problem.into());
    }
    let said = if is_stale {
        let here = keeper.person.request.path().parse().unwrap_or_default();
        html! {
            div.alert.wide role="alert" tabindex="-1" {
                p { "Nothing was done yet: this matters more than most, and it is a while since you showed that it is you." }
                p { a data-keep href=(then("/confirm", &here)) { "Confirm that it is you" } " What is filled in here is kept." }
            }
        }
    } else {
        wrong(problem.words().1, !problem.errors().is_empty())
    };
    page(house, keeper, status, filled, &said).await
}

async fn page(
    house: &House,
    keeper: &Keeper,
    status: StatusCode,
    filled: &Filled,
    said: &Markup,
) -> Result<HttpResponse, Fault> {
    let id = key_of(&keeper.person.request)?;
    let (dated, policy, _) = ground::of_key(house, &keeper.proof, id).await?;
    let wanted = usage::Wanted { since: None, until: None, by: By::Hour, limit: Limit::default() };
    let used = usage::of_key(house, &keeper.proof, id, &wanted).await?.sums.total;
    let path = keeper.at(&format!("/keys/{id}"));
    let main = html! {
        (said)
        @if let Some(why) = hindrance(&dated) {
            section.narrow {
                p { (why) }
                @if row::turn(&dated.key, dated.now).is_some() {
                    form method="post" action={ (path) "/rotate/finish" } data-swap {
                        (token(&keeper.token()))
                        div.actions { button { "End the overlap now" } a href=(path) { "See the key" } }
                    }
                } @else { p { a href=(path) { "See the key" } } }
            }
        } @else {
            section.narrow {
                (old(&dated, used.allowed, used.denied))
                (form(keeper, &policy, &dated, filled, &path))
            }
        }
    };
    keeper.show_as(house, status, Section::Keys, &format!("Rotate {}", dated.key.label), main).await
}

/// Why the key cannot be rotated now, whatever is filled in.
fn hindrance(Dated { key, now }: &Dated) -> Option<&'static str> {
    let is_rotating = key.is_rotating(*now);
    let all = [
        (key.revoked.is_some(), "The key is revoked, and gets no new secret. Issue another one."),
        (key.terms.is_expired(*now), "The key has expired. Give it a later end first."),
        (
            is_rotating,
            "The key is being rotated: two secrets live. End the overlap first, and then rotate it again. The old secret is refused from then on.",
        ),
    ];
    all.into_iter().find(|(is_so, _)| *is_so).map(|(_, words)| words)
}

/// What is known of the secret that is to be replaced.
fn old(Dated { key, now }: &Dated, allowed: i64, denied: i64) -> Markup {
    html! {
        p { "The key keeps its id, its name, what it may do and its end. It gets a new secret, which is shown once." }
        dl.facts {
            dt { "Old secret" } dd { code { (key.hint()) "…" } }
            dt { "Last used" }
            dd {
                @match key.last_use {
                    None => "never",
                    Some(used) => { (ago(used.at, *now)) @if let Some(from) = used.from { " from " (from) } },
                }
            }
            dt { "In the last 24 hours" } dd { (allowed) " calls allowed, " (denied) " denied" }
            @if let Some(end) = key.terms.expires_at { dt { "Both end" } dd { "no later than " (when(end, *now)) } }
        }
    }
}

fn form(keeper: &Keeper, policy: &Policy, dated: &Dated, filled: &Filled, path: &str) -> Markup {
    let usual = Span::seconds(policy.default_overlap().whole_seconds().unsigned_abs()).to_string();
    let chosen = if filled.overlap.is_empty() { usual.as_str() } else { filled.overlap.as_str() };
    let is_known = chosen == "other" || USUAL.iter().any(|(seconds, _)| Span::seconds(*seconds).to_string() == chosen);
    let rule = policy.longest_overlap.map(|_| policy.in_words(Rule::LongestOverlap));
    html! {
        form method="post" action={ (path) "/rotate" } data-swap novalidate {
            (token(&keeper.token()))
            input type="hidden" name="once" value=(Uuid::now_v7().simple().to_string());
            fieldset id="overlap" tabindex="-1" {
                legend { "How long does the old secret go on?" }
                @if !is_known { (choice(chosen, &span_words_of(chosen), chosen, false)) }
                @for (seconds, words) in USUAL {
                    @let span = Span::seconds(seconds);
                    (choice(&span.to_string(), words, chosen, !policy.lets_overlap(span.duration())))
                }
                (choice("other", "Another time", chosen, false))
                label.unseen for="other" { "How long, such as 90m or 2d" }
                input type="text" id="other" name="other" value=(filled.other) autocomplete="off" placeholder="90m" aria-describedby="other-hint";
                span.hint id="other-hint" {
                    "At most 7 days." @if let Some(rule) = &rule { " Policy: " (rule) "." }
                }
            }
            p.quiet {
                @if dated.key.last_use.is_some() { "Who still has the old secret when it dies is answered 401. Put the new one everywhere before." }
                @else { "Nobody has used the old secret, as far as is known." }
            }
            div.actions { button { "Rotate" } a href=(path) { "Cancel" } }
        }
    }
}

fn span_words_of(text: &str) -> String {
    text.parse::<Span>().map_or_else(|_| text.to_owned(), |span| span_words(span.duration()))
}

fn choice(value: &str, words: &str, chosen: &str, is_beyond: bool) -> Markup {
    let id = format!("overlap-{value}");
    html! {
        label.choice for=(id) {
            input type="radio" id=(id) name="overlap" value=(value) checked[value == chosen && !is_beyond] disabled[is_beyond];
            span { (words) @if is_beyond { span.hint { "Longer than the policy allows." } } }
        }
    }
}
