//! A list without a key: why, and what to do. First use, no match and nothing of one's own are told apart; a list that could not be
//! read is no empty one, but an error.

use maud::{Markup, html};

use super::{
    List,
    filters::{all_words, cleared, narrows},
};
use crate::{
    dashboard::{
        Fault,
        parts::{asking::asked, paging::empty},
    },
    service::House,
};

impl List<'_> {
    pub(super) async fn empty(&self, house: &House) -> Result<Markup, Fault> {
        if narrows(self.query) {
            return Ok(self.no_match());
        }
        if self.is_admin() {
            return Ok(first_use(&self.insider.at("/keys/new")));
        }
        let people = asked(house, self.insider).await?;
        let text = html! {
            "A key of your own lets a program act for you. For a key of a service, which goes on when you leave, ask "
            (people) "."
        };
        Ok(empty("You have no keys here", &text))
    }

    fn no_match(&self) -> Markup {
        let path = self.path();
        let all = cleared(self.query).at(&path);
        let is_of_all = self.query.text("status").is_some();
        let revoked = self.query.clone().and("status", "revoked").at(&path);
        empty(
            "No keys match",
            &html! {
                "You asked for " bdi { (all_words(self.query, self.meshes).join(", ")) } ". "
                a href=(all) { "Clear filters" }
                @if !is_of_all { " or " a href=(revoked) { "look among those that were revoked" } }
            },
        )
    }
}

fn first_use(new: &str) -> Markup {
    empty(
        "No keys yet",
        &html! {
            "A key lets a program or a service in: it says what it may do, on which topics, and until when. "
            a href=(new) { "Issue the first" } ", or read " a href="/docs/" { "how they work" } "."
        },
    )
}
