//! The forms in which a key is put to use. Where a command can read it from elsewhere, the key is not in it.

use crate::{dashboard::keys::issue::recipes::quoted, domain::Key};

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

/// All of them.
pub(super) fn formats(key: &Key, secret: &str, base: &str) -> [Format; 5] {
    let name = plain(key.label.as_str());
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
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\nstringData:\n  {VARIABLE}: {secret}"
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
    use super::*;

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
