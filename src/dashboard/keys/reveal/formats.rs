//! The forms in which a key is put to use. Where a command can read it from elsewhere, the key is not in it.

use crate::dashboard::keys::issue::recipes::quoted;

/// The name under which programs find the key.
const VARIABLE: &str = "MESHKEY_KEY";
/// Reads the key without showing it, and without a line in the history.
const READ: &str = "read -rs MESHKEY_KEY";

/// One form.
pub(super) struct Format {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) words: &'static str,
    pub(super) text: String,
    /// Whether the secret is in it.
    pub(super) is_secret: bool,
}

/// All of them. In YAML a name is quoted: `123`, `true` and `null` would be something else there, and of a secret nobody knows.
pub(super) fn formats(label: &str, secret: &str, base: &str) -> [Format; 5] {
    let name = plain(label);
    let plainly = |id, title, words, text| Format { id, title, words, text, is_secret: false };
    let openly = |id, title, words, text| Format { is_secret: true, ..plainly(id, title, words, text) };
    [
        openly("as-env", ".env line", "Keep the file out of version control.", format!("{VARIABLE}={secret}")),
        plainly(
            "as-curl",
            "curl",
            "The first line waits for the key: paste it, and press Enter. It is in no history and no list of processes.",
            format!(
                "{READ}\nprintf 'Authorization: Bearer %s' \"${VARIABLE}\" | curl -H @- {}",
                quoted(&format!("{base}/v1/whoami"))
            ),
        ),
        plainly(
            "as-github",
            "GitHub Actions",
            "It waits for the key on its input: paste it.",
            format!("gh secret set {VARIABLE}"),
        ),
        openly(
            "as-kubernetes",
            "Kubernetes Secret",
            "For kubectl apply -f -, on its input.",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"{name}\"\ntype: Opaque\nstringData:\n  {VARIABLE}: \"{secret}\""
            ),
        ),
        plainly(
            "as-docker",
            "Docker secret",
            "The first line waits for the key: paste it, and press Enter.",
            format!("{READ}\nprintf %s \"${VARIABLE}\" | docker secret create {name} -"),
        ),
    ]
}

/// The file that is downloaded.
pub(super) fn file_of(label: &str) -> String {
    format!("{}.env", plain(label))
}

/// A label as a name that files, Kubernetes and Docker take.
fn plain(label: &str) -> String {
    let letters = label.chars().map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' });
    let letters: String = letters.take(48).collect();
    let words: Vec<_> = letters.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "meshkey".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::domain::{Secret, secret::Prefix};

    /// What Kubernetes takes as a name (RFC 1123), and Docker and a shell as one word.
    fn is_name(text: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = [text.as_bytes().first(), text.as_bytes().last()];
        (1..=63).contains(&text.len())
            && ends.into_iter().flatten().all(|byte| is_plain(*byte))
            && text.bytes().all(|byte| is_plain(byte) || byte == b'-')
    }

    fn ensure_taken(label: &str) {
        let secret = Secret::generate(&Prefix::default()).unwrap();
        let name = plain(label);
        assert!(is_name(&name), "{label:?} becomes {name:?}");
        let all = formats(&name, secret.reveal(), "https://keys.example.org");
        let text = |id: &str| all.iter().find(|one| one.id == id).unwrap().text.as_str();
        let yaml: Value = serde_saphyr::from_str(text("as-kubernetes")).unwrap();
        assert_eq!(yaml["metadata"]["name"], Value::from(name.as_str()), "{label:?}");
        assert_eq!(yaml["stringData"][VARIABLE], secret.reveal());
        assert_eq!(text("as-env"), format!("{VARIABLE}={}", secret.reveal()));
        assert!(text("as-docker").ends_with(&format!("docker secret create {name} -")));
    }

    #[test]
    fn what_yaml_takes_for_something_else_is_a_name_all_the_same() {
        for label in [
            "123",
            "1e3",
            "0x1F",
            "0o7",
            "1:20",
            "true",
            "No",
            "on",
            "~",
            "null",
            ".nan",
            "- a",
            "a: b",
            "# a",
            "2026-11-23",
        ] {
            ensure_taken(label);
        }
    }

    proptest! {
        #[test]
        fn every_label_becomes_a_name_that_each_format_takes(label in "\\PC{1,64}") {
            ensure_taken(&label);
        }
    }

    #[test]
    fn a_label_becomes_a_name_that_everybody_takes() {
        for (label, file) in [
            ("ci-deploys", "ci-deploys.env"),
            ("CI: Deploys!", "ci-deploys.env"),
            ("../../etc/passwd", "etc-passwd.env"),
            ("<img src=x>", "img-src-x.env"),
            ("ключ", "meshkey.env"),
        ] {
            assert_eq!(file_of(label), file);
        }
    }
}
