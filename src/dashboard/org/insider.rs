//! Who looks at a page of an org: a person who is signed in, admitted to what the page demands as at every other door.

use std::marker::PhantomData;

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode};
use futures_util::future::LocalBoxFuture;
use maud::Markup;

use super::{Section, frame::Frame};
use crate::{
    dashboard::{
        Fault, Page,
        visitor::{Person, Who, house},
    },
    domain::SessionSecret,
    http::guard::{AnyKey, Need, admit_at},
    service::{Admitted, House, Why, surroundings},
};

/// A person who is signed in, and was admitted to what the page demands: `Insider<Within<may::Admin>>`. The path names the org.
///
/// Who is not signed in is led to where one signs in, and then back. Who is no member of the org sees as much as if there were no
/// such org; who is, and may not do this, is told whom to ask.
pub struct Insider<N> {
    /// Who, and the request.
    pub person: Person,
    /// The proof, for the verbs of the service.
    pub proof: Admitted,
    need: PhantomData<N>,
}

impl<N: Need> Who for Insider<N> {
    async fn find(request: HttpRequest) -> Result<Self, Fault> {
        let house = house(&request)?;
        let person = Person::find(request).await?;
        let (request, session) = (&person.request, person.by.secret());
        let refused = match admit_at::<N>(&house, request, session, None).await {
            Ok(proof) => return Ok(Self { person, proof, need: PhantomData }),
            Err(refused) => refused,
        };
        if !matches!(refused.why, Why::Denied(_)) {
            return Err(Fault::Problem(refused.into()));
        }
        match admit_at::<AnyKey>(&house, request, session, None).await {
            Ok(proof) => {
                let people = surroundings::who_to_ask(&house, &proof).await?;
                Err(Fault::NotAllowed(proof.org_slug().clone(), people))
            }
            Err(_) => Err(Fault::Problem(refused.into())),
        }
    }

    fn session(&self) -> Option<&SessionSecret> {
        self.person.session()
    }
}

impl<N: Need + 'static> FromRequest for Insider<N> {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::find(request.clone()))
    }
}

impl<N> Insider<N> {
    /// The token of the session's forms.
    #[must_use]
    pub fn token(&self) -> String {
        self.person.token()
    }

    /// The path of a page of this org: `at("/keys")` is `/orgs/acme/keys`.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("/orgs/{}{path}", self.proof.org_slug())
    }

    /// The proof of what more is demanded, where the same page is for more than one kind of person.
    pub async fn admit<M: Need>(&self, house: &House) -> Result<Admitted, Fault> {
        let admitted = admit_at::<M>(house, &self.person.request, self.person.by.secret(), None).await;
        admitted.map_err(|refused| Fault::Problem(refused.into()))
    }

    /// The page within its frame.
    pub async fn show(
        &self,
        house: &House,
        section: Section,
        title: &str,
        main: Markup,
    ) -> Result<HttpResponse, Fault> {
        self.show_as(house, StatusCode::OK, section, title, main).await
    }

    /// The same with another status: what was sent with a form was refused.
    pub async fn show_as(
        &self,
        house: &House,
        status: StatusCode,
        section: Section,
        title: &str,
        main: Markup,
    ) -> Result<HttpResponse, Fault> {
        let around = surroundings::look(house, &self.proof).await?;
        let form_token = self.token();
        let frame =
            Frame { around: &around, by: &self.proof, section, token: &form_token, request: &self.person.request };
        let page = Page::new(title, main).with_status(status).signed(self.person.signed(&form_token));
        Ok(page.within(frame.markup()).answer())
    }
}
