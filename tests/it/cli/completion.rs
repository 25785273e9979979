//! Completion for five shells, with the names that the asking key may see; and the manual.

use super::shell::{MESHKEY, Shell, finish};
use crate::house::House;

/// Asks as bash does, for the word after these.
fn offered(shell: &Shell, line: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let mut command = shell.command(MESHKEY);
    let cache = shell.path("cache");
    command.env("COMPLETE", "bash").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", line.len().to_string());
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true").env("XDG_CACHE_HOME", cache);
    command.envs(environment.iter().copied()).args(["--", "meshkey"]).args(line);
    finish(command, "").expect(0).out.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn names_are_offered_and_a_failure_is_silence() {
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    shell.run("key issue deployer -m main -c send -t deploys").expect(0);
    assert!(offered(&shell, &["key", "sh"], &[]).contains(&"show".to_owned()));
    assert_eq!(offered(&shell, &["key", "show", "dep"], &[]), ["deployer"]);
    assert_eq!(offered(&shell, &["mesh", "show", ""], &[]).first().map(String::as_str), Some("main"));
    assert_eq!(offered(&shell, &["topic", "show", "de"], &[("MESHKEY_MESH", "main")]), ["deploys"]);
    assert_eq!(offered(&shell, &["key", "issue", "x", "--cap", "st"], &[]), ["state_write"]);
    // They are kept for a minute, apart for each key, and in files that nobody else reads.
    shell.run("key issue later -m main -c send -t deploys").expect(0);
    assert!(offered(&shell, &["key", "show", "lat"], &[]).is_empty());
    let bot = shell.run("key issue bot -m main -c admin -t deploys").expect(0);
    let as_bot = [("MESHKEY_TOKEN_FILE", ""), ("MESHKEY_TOKEN", bot.line())];
    assert_eq!(offered(&shell, &["key", "show", "lat"], &as_bot), ["later"]);
    // Nobody there: nothing is offered, and nothing is said.
    let nobody = [("MESHKEY_URL", "http://127.0.0.1:1")];
    assert!(offered(&shell, &["key", "show", "dep"], &nobody).is_empty());
}

#[test]
fn five_shells_are_told_how_to_ask() {
    for (name, mark) in [
        ("bash", "complete"),
        ("zsh", "#compdef meshkey"),
        ("fish", "complete --"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let mut command = std::process::Command::new(MESHKEY);
        command.args(["completion", name]);
        let said = finish(command, "").expect(0);
        assert!(said.out.contains(mark) && said.out.contains("meshkey"), "{said:?}");
        if name == "bash" {
            let mut bash = std::process::Command::new("bash");
            bash.arg("-n");
            finish(bash, &said.out).expect(0);
        }
    }
    let mut command = std::process::Command::new(MESHKEY);
    command.args(["completion", "tcsh"]);
    finish(command, "").expect(2);
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(MESHKEY);
    command.args(["man", "--dir"]).arg(dir.path());
    finish(command, "").expect(0);
    for page in ["meshkey.1", "meshkey-key.1", "meshkey-key-issue.1", "meshkey-serve.1"] {
        let text = std::fs::read_to_string(dir.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}: {text}");
    }
    let mut command = std::process::Command::new(MESHKEY);
    command.arg("man");
    assert!(finish(command, "").expect(0).out.contains(".TH meshkey 1"));
}
