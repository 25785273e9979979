//! What else can bound a key: from where, how often, and by whose rights.

use maud::{Markup, html};

use super::sheet::Sheet;

/// The limits that few need, out of sight until one is set or wrong.
pub(super) fn limits(sheet: &Sheet<'_>) -> Markup {
    let filled = sheet.filled;
    let is_set = [&filled.addresses, &filled.rate, &filled.user].iter().any(|text| !text.is_empty());
    let is_wrong = ["addresses", "rate", "user"].iter().any(|field| sheet.is_wrong(field).is_some());
    let is_asked = sheet.ground.policy.admin_addresses_required;
    html! {
        details.more open[is_set || is_wrong || is_asked] {
            summary { "More limits" }
            (sheet.text("addresses", "Only from", &filled.addresses, "Addresses or ranges, such as 10.0.0.0/8 2001:db8::/32. From anywhere if nothing is said.", false))
            (sheet.text("rate", "How often", &filled.rate, "60/m is sixty times a minute; 60/m:10 lets ten of them come at once. Without limit if nothing is said.", false))
            @if !sheet.members.is_empty() && !filled.is_own { (person(sheet)) }
        }
    }
}

fn person(sheet: &Sheet<'_>) -> Markup {
    let is_chosen = |id: &str| sheet.filled.user == id;
    html! {
        div.field {
            label for="user" { "For a person" span.quiet { " (if you like)" } }
            select id="user" name="user" aria-describedby=(sheet.described("user")) aria-invalid=[sheet.is_wrong("user")] {
                option value="" { "Nobody: it outlives people" }
                @for member in sheet.members {
                    @let id = member.user.id.to_string();
                    option value=(id) selected[is_chosen(&id)] { (member.user.name) " · " (member.user.email) }
                }
            }
            span.hint id="user-hint" { "Such a key never does more than that person may, and dies with the membership." }
            (sheet.told("user", "/user"))
        }
    }
}
