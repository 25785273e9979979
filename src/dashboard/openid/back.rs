//! The way back from a provider: what it brought is judged below, and here is what it leads to.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{Data, Path},
};
use zeroize::Zeroizing;

use super::{COOKIE, down, named, told};
use crate::{
    dashboard::{
        Fault, Page,
        invitation::{accepted_page, refused},
        page::lead_to,
        visitor::{Anyone, SIGN_IN, browser, kept, remember, then, to},
    },
    domain::openid::Purpose,
    http::guard::trail,
    service::{
        House,
        openid::{self, Answer, NotBack, NotConnected, NotEntered, Proven, Provider, accept, confirm, connect, enter},
        sessions::{SignedIn, Visitor},
    },
};

const AGAIN: &str = "Go back to where you began, and begin once more.";

/// Takes somebody back. Nothing that follows is told whence it comes: the address has a code in it.
pub async fn come_back(house: Data<House>, name: Path<String>, anyone: Anyone) -> Result<HttpResponse, Fault> {
    let provider = named(&house, &name)?;
    let mut answer = match answer(&anyone) {
        Some(answer) => match openid::come_back(&house, provider, answer).await {
            Ok(proven) => go_on(&house, &anyone, provider, &proven).await?,
            Err(why) => not_back(why, provider)?,
        },
        None => not_begun(),
    };
    let headers = answer.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// What the browser and the address say; nothing where one of it is missing, or said twice.
fn answer(anyone: &Anyone) -> Option<Answer> {
    let query = anyone.request.query_string().as_bytes();
    let said = |name: &str| {
        let mut all = form_urlencoded::parse(query).filter(|(known, _)| known == name).map(|(_, value)| value);
        let first = all.next();
        first.filter(|_| all.next().is_none()).map(std::borrow::Cow::into_owned)
    };
    let error = said("error").map(|error| error.chars().filter(char::is_ascii_graphic).take(40).collect());
    let code = match (said("code"), error) {
        (_, Some(error)) => Err(error),
        (Some(code), None) => Ok(Zeroizing::new(code)),
        (None, None) => return None,
    };
    let (state, browser) = (said("state")?.parse().ok()?, kept(&anyone.request, COOKIE)?);
    Some(Answer { state, browser, issuer: said("iss"), code })
}

fn not_begun() -> HttpResponse {
    told("This was not begun in this browser, or too long ago, or is done already.", AGAIN, StatusCode::FORBIDDEN)
}

fn not_back(why: NotBack, provider: &Provider) -> Result<HttpResponse, Fault> {
    let title = provider.title();
    let (text, advice) = match why {
        NotBack::Unknown => return Ok(not_begun()),
        NotBack::Down => return Ok(down(provider)),
        NotBack::Refused(refusal) => return Err(refusal.into()),
        NotBack::Declined => (format!("{title} did not tell who you are: it was declined there."), AGAIN),
        NotBack::Wrong => (format!("What {title} told does not hold, and so nothing was done."), AGAIN),
        NotBack::Stale => (format!("{title} did not ask you anew who you are."), "Confirm it in another way."),
    };
    Ok(told(&text, advice, StatusCode::FORBIDDEN))
}

async fn go_on(house: &House, anyone: &Anyone, provider: &Provider, proven: &Proven) -> Result<HttpResponse, Fault> {
    match (proven.purpose(), &anyone.visitor) {
        (Purpose::SignIn, _) => let_in(house, anyone, provider, proven).await,
        (Purpose::Invitation(_), visitor) => accepted(house, anyone, proven, visitor).await,
        (Purpose::Connect(_), Visitor::Whole(by)) => connected(house, anyone, by, proven).await,
        (Purpose::Confirm(_), Visitor::Whole(by)) => confirmed(house, by, provider, proven).await,
        (Purpose::Connect(_) | Purpose::Confirm(_), _) => Ok(lead_to(SIGN_IN)),
    }
}

async fn let_in(house: &House, anyone: &Anyone, provider: &Provider, proven: &Proven) -> Result<HttpResponse, Fault> {
    match enter(house, proven, &browser(house, &anyone.request), anyone.before).await {
        Ok(entry) if entry.is_half => {
            Ok(remember(lead_to(&then("/sign-in/second-factor", proven.next())), &entry.secret, house, true))
        }
        Ok(entry) => Ok(remember(to(proven.next()), &entry.secret, house, false)),
        Err(NotEntered::Nobody) => {
            let text = format!("No account here is connected with who you are at {}.", provider.title());
            let advice = "Sign in as you do otherwise and connect it on the page of your account. If you have no account, ask \
                          who manages your org for an invitation.";
            Ok(told(&text, advice, StatusCode::FORBIDDEN))
        }
        Err(NotEntered::Refused(refusal)) => Err(refusal.into()),
    }
}

async fn accepted(house: &House, anyone: &Anyone, proven: &Proven, visitor: &Visitor) -> Result<HttpResponse, Fault> {
    if let Visitor::Whole(by) = visitor {
        return refused(crate::service::invitations::NotAccepted::OtherPerson, Some(by));
    }
    let accepted = match accept(house, proven, &trail(house, &anyone.request)).await {
        Ok(accepted) => accepted,
        Err(why) => return refused(why, None),
    };
    match enter(house, proven, &browser(house, &anyone.request), anyone.before).await {
        Ok(entry) => Ok(remember(accepted_page(&accepted, true).answer(), &entry.secret, house, entry.is_half)),
        Err(NotEntered::Nobody) => Ok(accepted_page(&accepted, false).answer()),
        Err(NotEntered::Refused(refusal)) => Err(refusal.into()),
    }
}

async fn connected(house: &House, anyone: &Anyone, by: &SignedIn, proven: &Proven) -> Result<HttpResponse, Fault> {
    let (status, text) = match connect(house, by, proven, &browser(house, &anyone.request)).await {
        Ok(()) => return Ok(to(proven.next())),
        Err(NotConnected::OtherSession) => {
            (StatusCode::FORBIDDEN, "You have signed in or out since you began, and so nothing was connected.")
        }
        Err(NotConnected::OfAnother) => (StatusCode::CONFLICT, "Somebody else here is connected with it already."),
        Err(NotConnected::TooMany) => (StatusCode::CONFLICT, "You have as many as you may: disconnect one first."),
        Err(NotConnected::Refused(refusal)) => return Err(refusal.into()),
    };
    Ok(for_signed_in("Not connected", text, status))
}

async fn confirmed(house: &House, by: &SignedIn, provider: &Provider, proven: &Proven) -> Result<HttpResponse, Fault> {
    if confirm(house, by, proven).await? {
        return Ok(to(proven.next()));
    }
    let text = format!("Who you are at {} is not who is signed in here.", provider.title());
    Ok(for_signed_in("Not confirmed", &text, StatusCode::FORBIDDEN))
}

fn for_signed_in(title: &str, text: &str, status: StatusCode) -> HttpResponse {
    let main = maud::html! {
        (crate::dashboard::page::alert(text))
        p { a href="/account" { "To your account" } }
    };
    Page::new(title, main).with_status(status).answer()
}
