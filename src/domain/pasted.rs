//! What somebody looks for: the text of a key that was found somewhere, an id, or a few words.

use std::ops::RangeInclusive;

use super::{
    id::KeyId,
    secret::{Prefix, Secret},
};

/// The fewest letters and digits in a row with which a text is taken for a key: more than any id of ours has.
const LEAST: usize = 30;
/// The same where small and large letters are mixed, as in no id of ours.
const LEAST_MIXED: usize = 20;
/// How many in a row are taken for a secret where people write what they like: as many as a key has, or some more or less by a slip. Names
/// and the ids in links to documents have others.
const SECRET: RangeInclusive<usize> = BEHIND - 1..=BEHIND + 2;
/// What a key has behind the prefix, and the most that a prefix has.
const BEHIND: usize = 49;
const LONGEST_PREFIX: usize = 12;
/// In how many places a key is looked for, at most.
const MOST_TRIED: usize = 200;
/// What a hint has behind the prefix: that much is no secret.
const HINT: usize = 8;

/// What somebody looks for.
pub enum Pasted {
    /// The text of a key.
    Secret(Secret),
    /// What looks like the text of a key, and is not: a character is wrong or missing. It is as secret as the whole.
    Broken,
    /// A key by its id.
    Id(KeyId),
    /// Words.
    Text(String),
}

impl Pasted {
    /// Reads what was pasted, whatever stands around it: quotes of any kind, `Bearer`, `NAME=…`, marks of Markdown, a part of a URL.
    /// `prefix` is what our keys begin with.
    #[must_use]
    pub fn read(text: &str, prefix: &Prefix) -> Self {
        if let Some(secret) = found(text) {
            return Self::Secret(secret);
        }
        let trimmed = text.trim();
        if let Ok(id) = trimmed.parse() {
            return Self::Id(id);
        }
        if looks_like_a_key(text, prefix) { Self::Broken } else { Self::Text(trimmed.to_owned()) }
    }
}

/// Whether a text holds the text of a key, whole or with a slip in it, and so is none that may be written down where others read it.
///
/// Also without its prefix, which everybody can put before it again.
#[must_use]
pub fn holds_a_key(text: &str) -> bool {
    let is_like_one = |run: &[u8]| SECRET.contains(&run.len()) && is_mixed(run) && run.iter().any(u8::is_ascii_digit);
    runs(text).any(is_like_one) || found(text).is_some()
}

/// A text to be shown again to whoever typed it: nothing of one that holds a key, which is refused and sent back to nobody.
#[must_use]
pub fn shown(text: &str) -> &str {
    if holds_a_key(text) { "" } else { text }
}

/// The first whole key in a text. Its checksum says that it is one, and so it is tried wherever one could begin.
fn found(text: &str) -> Option<Secret> {
    let bytes = text.as_bytes();
    let underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').map(|(at, _)| at);
    underscores.take(MOST_TRIED).find_map(|at| {
        let length = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let before =
            bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).take(LONGEST_PREFIX).count();
        let whole = (length == BEHIND).then_some(at + 1 + length)?;
        (at - before..at).find_map(|begin| text.get(begin..whole)?.parse().ok())
    })
}

/// Whether anything in it is longer than what may be shown of a key, and looks as if it were drawn by lot.
fn looks_like_a_key(text: &str, prefix: &Prefix) -> bool {
    let ours = format!("{}_", prefix.as_str());
    let is_ours = text
        .match_indices(&ours)
        .any(|(at, _)| text[at + ours.len()..].bytes().take_while(u8::is_ascii_alphanumeric).count() > HINT);
    is_ours || runs(text).any(|run| run.len() >= LEAST || run.len() >= LEAST_MIXED && is_mixed(run))
}

/// The letters and digits of a text that stand in a row.
fn runs(text: &str) -> impl Iterator<Item = &[u8]> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::as_bytes)
}

fn is_mixed(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_uppercase) && run.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> String {
        match Pasted::read(text, &Prefix::default()) {
            Pasted::Secret(secret) => secret.reveal().to_owned(),
            Pasted::Broken => "broken".to_owned(),
            Pasted::Id(id) => id.to_string(),
            Pasted::Text(text) => format!("text {text}"),
        }
    }

    #[test]
    fn a_key_is_known_however_it_was_pasted() {
        let key = Secret::generate(&Prefix::default()).unwrap().reveal().to_owned();
        for text in [
            key.clone(),
            format!("  {key}\r\n"),
            format!("\"{key}\""),
            format!("'{key}',"),
            format!("Bearer {key}"),
            format!("Authorization: Bearer {key}"),
            format!("MESHKEY_KEY={key}"),
            format!("export MESHKEY_KEY=\"{key}\""),
            format!("{{\"secret\":\"{key}\"}}"),
            format!("“{key}”"),
            format!("*{key}*"),
            format!("_{key}_"),
            format!("| key |{key}|"),
            format!("https://x/{key}?a=b"),
            format!("Bearer%20{key}"),
            format!("\\n{key}"),
            format!("KEY_{key}"),
            format!("#{key}"),
            format!("-{key}&x"),
            format!("\u{200b}{key}"),
        ] {
            assert_eq!(kind(&text), key, "{text}");
        }
        let older = Secret::generate(&"older".parse().unwrap()).unwrap().reveal().to_owned();
        assert_eq!(kind(&older), older);
    }

    #[test]
    fn what_looks_like_a_key_is_never_taken_for_words() {
        let key = Secret::generate(&Prefix::default()).unwrap().reveal().to_owned();
        let mut wrong = key.clone();
        wrong.replace_range(20..21, if &key[20..21] == "a" { "b" } else { "a" });
        let older = Secret::generate(&"older".parse().unwrap()).unwrap().reveal().to_owned();
        for text in [
            &wrong,
            &key[..53],
            &key[..14],
            &format!("{key}x"),
            &older[..50],
            &format!("x={wrong}"),
            &key[1..],
            &key[5..],
        ] {
            assert_eq!(kind(text), "broken", "{text}");
        }
        // In two lines.
        assert_eq!(kind(&format!("{} {}", &key[..30], &key[30..])), "broken");
    }

    #[test]
    fn a_key_in_a_text_is_seen_and_what_people_write_is_not_taken_for_one() {
        for prefix in [Prefix::default(), "older".parse().unwrap()] {
            let key = Secret::generate(&prefix).unwrap();
            let text = key.reveal();
            let behind = text.split_once('_').unwrap().1;
            for holding in
                [text, behind, &text[..text.len() - 1], &format!("{text}x"), &format!("kept as {text}, in ci")]
            {
                assert!(holds_a_key(holding), "{holding}");
            }
            assert!(!holds_a_key(&key.hint()));
        }
        for written in [
            "",
            "ci-deploys",
            "GitHub secret MESHKEY_KEY of acme/web, by Dana; see https://wiki.example.org/Keys?page=12#rotation",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "key_01h455vb4pex5vsknk084sn02q and 018f6e2c-8a7b-7cc3-98c4-dc0c0c07398f",
            "https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit",
            "ProductionDeploymentPipelineForCustomerPortalV2Backend",
            "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft",
        ] {
            assert!(!holds_a_key(written), "{written}");
        }
    }

    #[test]
    fn hints_ids_and_words_are_looked_for_as_they_are() {
        let id = KeyId::new().to_string();
        assert_eq!(kind(&format!(" {id} ")), id);
        let key = Secret::generate(&Prefix::default()).unwrap();
        for text in
            [key.hint().as_str(), "ci-deploys", "bot of the #ops room", "mesh_x", "mesh_01h455vb4pex5vsknk084sn02q"]
        {
            assert_eq!(kind(text), format!("text {text}"));
        }
        assert_eq!(kind("  "), "text ");
    }
}
