//! The people of a mesh, and those who can touch a topic. They are shown to admins of the org, as by the API.

use maud::{Markup, html};

use super::topic::verb;

use crate::{
    dashboard::{Fault, org::Insider, parts::asking::is_of_the_org},
    domain::{
        Capability, Member, Mesh, Owner, Rights, TopicName,
        access::access,
        page::{Limit, Page},
        role::Role,
    },
    service::{
        House,
        members::{self, Wanted},
    },
};

/// The members of the org that are wanted, as far as one page goes.
async fn some<N>(house: &House, insider: &Insider<N>, mesh: Option<&Mesh>) -> Result<Page<Member>, Fault> {
    let wanted = Wanted { mesh: mesh.map(|mesh| mesh.id.to_string()), limit: Limit::MOST, ..Wanted::default() };
    Ok(members::list(house, &insider.proof, &wanted).await?)
}

/// Who has a role at the mesh itself.
pub(super) async fn of_mesh<N>(house: &House, insider: &Insider<N>, mesh: &Mesh) -> Result<Markup, Fault> {
    if !is_of_the_org(&insider.proof) {
        return Ok(html! {});
    }
    let people = some(house, insider, Some(mesh)).await?;
    let path = insider.at("/members");
    Ok(html! {
        h2 { "People" }
        p { "Who has a role at the org has it here too: " a href=(path) { "members of the org" } "." }
        @if people.items.is_empty() { p.quiet { "Nobody has a role at this mesh alone." } } @else {
            div.scroll {
                table.cards {
                    caption { "People with a role at this mesh" }
                    thead { tr { th scope="col" { "Name" } th scope="col" { "E-mail" } th scope="col" { "Role here" } } }
                    tbody {
                        @for Member { user, part, .. } in &people.items {
                            tr {
                                th scope="row" { a href={ (path) "/" (user.id) } { bdi { (user.name) } } }
                                td data-label="E-mail" { bdi { (user.email) } }
                                td data-label="Role here" { (part.meshes.get(&mesh.id).copied().map_or("", Role::name)) }
                            }
                        }
                    }
                }
            }
            @if people.next.is_some() { p { a href={ (path) "?mesh=" (mesh.slug) } { "All of them" } } }
        }
    })
}

/// What a person may do on the topic, by its roles; and each role with whether it is at the whole org.
fn reach(member: &Member, mesh: &Mesh, topic: &TopicName) -> (Vec<Capability>, Vec<(Role, bool)>) {
    let (org, here) = (Owner::Org(mesh.org), Owner::Mesh(mesh.org, mesh.id));
    let roles = member.part.org.map(|role| (role, org)).into_iter();
    let roles = roles.chain(member.part.meshes.get(&mesh.id).map(|role| (*role, here)));
    let (mut may, mut through) = (Vec::new(), Vec::new());
    for (role, at) in roles {
        let grant = role.grant(at).ok();
        let access = grant.and_then(|grant| access(Rights::new(std::slice::from_ref(&grant), None), here, topic));
        if let Some(access) = access {
            may.extend(access.may.into_iter().filter(|one| !may.contains(one)).collect::<Vec<_>>());
            through.push((role, at == org));
        }
    }
    (may, through)
}

/// Who can touch the topic as a person, by role.
pub(super) async fn of_topic<N>(
    house: &House,
    insider: &Insider<N>,
    mesh: &Mesh,
    topic: &TopicName,
) -> Result<Markup, Fault> {
    if !is_of_the_org(&insider.proof) {
        return Ok(html! {});
    }
    let page = some(house, insider, None).await?;
    let active = page.items.iter().filter(|member| member.user.suspended_at.is_none());
    let people: Vec<_> =
        active.map(|member| (member, reach(member, mesh, topic))).filter(|(_, (may, _))| !may.is_empty()).collect();
    let path = insider.at("/members");
    Ok(html! {
        section id="people" {
            h2 { "People " span.quiet { (people.len()) @if page.next.is_some() { "+" } } }
            p { "By their roles, when they are signed in. A personal key may do no more than its person." }
            div.scroll {
                table.cards {
                    caption { "People who can touch this topic, by address" }
                    thead { tr { th scope="col" { "Person" } th scope="col" { "As" } th scope="col" { "May" } } }
                    tbody {
                        @for (Member { user, .. }, (may, through)) in &people {
                            tr {
                                th scope="row" { a href={ (path) "/" (user.id) } { bdi { (user.name) } } " " span.quiet { bdi { (user.email) } } }
                                td data-label="As" {
                                    @for (at, (role, is_at_org)) in through.iter().enumerate() {
                                        @if at > 0 { ", " }
                                        (role.name()) (if *is_at_org { " of the org" } else { " of the mesh" })
                                    }
                                }
                                td data-label="May" { (words(may)) }
                            }
                        }
                    }
                }
            }
            @if page.next.is_some() { p { "Only the first members by address were looked at. " a href=(path) { "All members" } } }
        }
    })
}

/// Capabilities in a row of words; who is admin may everything.
fn words(may: &[Capability]) -> String {
    if may.contains(&Capability::Admin) {
        return "everything".to_owned();
    }
    may.iter().map(|one| verb(one).to_lowercase()).collect::<Vec<_>>().join(", ")
}
