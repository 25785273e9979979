//! What a mail says: plain text, and no more than is needed to know whether to follow its link.

use lettre::{
    Address, Message,
    error::Error,
    message::{Mailbox, header::ContentType},
};
use time::{OffsetDateTime, macros::format_description};

use crate::{db::outbox::Letter, domain::Email};

/// Why a mail cannot be made.
pub(super) type Malformed = Box<dyn std::error::Error + Send + Sync>;

/// The mail of an invitation.
pub(super) fn message(from: &Mailbox, letter: &Letter, link: &str) -> Result<Message, Malformed> {
    plain(from, &letter.to, format!("Invitation to {}", letter.org), text(letter, link))
}

/// A mail of plain text. It goes to an address without a name: nobody who is written to chose what stands there.
pub(super) fn plain(from: &Mailbox, to: &Email, subject: String, text: String) -> Result<Message, Malformed> {
    let to: Address = to.as_str().parse()?;
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        .header(ContentType::TEXT_PLAIN)
        .body(text);
    message.map_err(|error: Error| error.into())
}

fn text(letter: &Letter, link: &str) -> String {
    let Letter { to, org, mesh, role, inviter, ends_at } = letter;
    let beginning =
        inviter.as_ref().map_or_else(|| "You are invited".to_owned(), |name| format!("{name} has invited you"));
    let place = mesh.as_ref().map_or_else(String::new, |mesh| format!(", for its mesh {mesh}"));
    format!(
        "Hello,\n\n\
         {beginning} to {org} on Meshkey, as {role}{place}.\n\n\
         To accept, open this link. It works once, until {end}:\n\n\
         {link}\n\n\
         The invitation is for {to}. If you did not expect it, you need not do anything: nothing happens unless the link is\n\
         opened and the invitation accepted. Do not pass the link on.\n",
        role = role.name(),
        end = until(*ends_at),
    )
}

/// A time in words.
pub(in crate::service) fn until(end: OffsetDateTime) -> String {
    let form = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    end.format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::domain::role::Role;

    fn letter() -> Letter {
        Letter {
            to: "dana@example.com".parse().unwrap(),
            org: "Acme".parse().unwrap(),
            mesh: Some("main".parse().unwrap()),
            role: Role::Member,
            inviter: Some("Erin".parse().unwrap()),
            ends_at: datetime!(2026-11-29 8:05 UTC),
        }
    }

    #[test]
    fn it_says_who_invites_to_what_and_until_when() {
        let said = text(&letter(), "https://keys.example.org/invitation#token=x");
        assert!(said.contains("Erin has invited you to Acme on Meshkey, as member, for its mesh main."), "{said}");
        assert!(
            said.contains("until 29 November 2026, 08:05 UTC:\n\nhttps://keys.example.org/invitation#token=x\n"),
            "{said}"
        );
        let said = text(&Letter { inviter: None, mesh: None, ..letter() }, "x");
        assert!(said.contains("You are invited to Acme on Meshkey, as member.\n"), "{said}");
    }

    #[test]
    fn no_name_adds_a_line_to_the_head() {
        let from: Mailbox = "Meshkey <keys@example.org>".parse().unwrap();
        let org = "Acme é \u{2028}Bcc: all@example.com".parse().unwrap();
        let message = message(&from, &Letter { org, ..letter() }, "x").unwrap().formatted();
        let message = String::from_utf8(message).unwrap();
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("To:")).collect::<Vec<_>>(), ["To: dana@example.com"]);
    }
}
