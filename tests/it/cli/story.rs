//! What an admin and a CI job type, and what they are told, word for word.

use insta::assert_snapshot;

use super::shell::Shell;
use crate::house::House;

#[tokio::test]
async fn a_narrow_key_from_its_issue_to_its_end() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    let issued = shell.type_in("key issue ci --mesh main --cap send --topic deploys --expires 90d");
    // Nothing but the secret on stdout, so that it can be piped on.
    shell.write("ci.key", &issued.out);
    assert!(issued.line().parse::<meshkey::domain::Secret>().is_ok());
    shell.type_in("key list");
    shell.type_in("key show ci");
    shell.type_with("key verify --cap send --topic deploys", Some("ci.key"));
    shell.type_with("key verify --cap send --topic secrets", Some("ci.key"));
    shell.type_with("key find", Some("ci.key"));
    shell.type_in("key can ci send deploys");
    shell.type_in("key can ci read deploys");
    shell.type_in("key explain ci read secrets");
    shell.type_in("key rotate ci --out-file second.key");
    shell.type_in("key rotate ci --finish");
    shell.type_with("key verify --cap send --topic deploys", Some("ci.key"));
    shell.type_in("key disable ci");
    shell.type_in("key can ci send deploys");
    shell.type_in("key enable ci");
    shell.type_in("key revoke ci --reason leaked");
    shell.type_in("key revoke ci --reason leaked --yes");
    shell.type_in("key revoke ci --yes");
    shell.type_with("key verify --cap send --topic deploys", Some("second.key"));
    assert_snapshot!(shell.transcript());
}

/// What an explanation says to type does what it says.
#[tokio::test]
async fn what_would_allow_it_can_be_typed_as_it_stands() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send -t 'ci.*' --ip 10.0.0.0/8 --expires 1h").expect(0);
    shell.run("key disable ci").expect(0);
    let told = shell.run("key explain ci read secrets --ip 192.0.2.1").expect(10).out;
    let commands: Vec<&str> = told.lines().filter_map(|line| line.trim().strip_prefix("meshkey ")).collect();
    assert_eq!(commands.len(), 2, "{told}");
    for command in commands {
        shell.run(command).expect(0);
    }
    assert!(shell.run("key explain ci read secrets --ip 192.0.2.1").expect(0).out.starts_with("yes"));
    assert!(shell.run("key can ci send ci.build --ip 10.0.0.1").expect(0).out.starts_with("yes"));
}

#[tokio::test]
async fn narrowing_is_free_and_widening_is_said() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send,read -t deploys --ip 10.0.0.0/8").expect(0);
    shell.type_in("key edit ci --drop-cap read");
    shell.type_in("key edit ci --add-cap read");
    shell.type_in("key edit ci --add-cap read --add-topic '#secrets' --widen --dry-run");
    shell.type_in("key edit ci --add-cap read --add-topic '#secrets' --widen");
    shell.type_in("key edit ci --any-ip");
    shell.type_in("key edit ci --drop-topic deploy");
    shell.type_in("key edit ci --label 'ci job' --note 'in the vault'");
    shell.type_in("key edit 'ci job' --note ''");
    shell.type_in("key edit 'ci job'");
    assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn meshes_and_topics_and_who_can_touch_them() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    shell.type_in("whoami");
    shell.type_in("mesh create staging --name 'Before production'");
    shell.type_in("mesh create staging");
    shell.type_in("mesh rename staging 'The stage'");
    shell.type_in("mesh list");
    shell.type_in("topic create '#builds' --mesh staging --description 'What was built'");
    shell.type_in("topic describe builds --mesh staging ''");
    shell.type_in("topic list --mesh staging");
    shell.type_in("topic list");
    shell.run("key issue builder -m staging -c send -t 'build*'").expect(0);
    shell.run("key issue watcher --org-wide -c read --all-topics --expires never").expect(0);
    shell.type_in("topic access builds --mesh staging");
    shell.type_in("topic access builds --mesh staging --cap send");
    shell.type_in("topic archive builds --mesh staging");
    shell.type_in("topic show builds --mesh staging");
    shell.type_in("topic unarchive builds --mesh staging");
    shell.type_in("mesh archive staging");
    shell.type_in("mesh list --archived");
    shell.type_in("mesh unarchive staging");
    assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn an_org_declares_what_its_own_services_may_be_asked_for() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    shell.type_in("capability list");
    shell.type_in("capability declare upload --description 'Put files into the store'");
    shell.type_in("capability declare send");
    shell.type_in("capability describe upload 'Put a file into the store'");
    shell.type_in("capability list");
    shell.type_in("key issue uploader -m main -c uplaod --all-topics");
    shell.type_in("key issue uploader -m main -c upload --all-topics");
    shell.type_in("key can uploader upload -m main");
    shell.type_in("capability retire upload");
    shell.type_in("key revoke uploader --yes");
    shell.type_in("capability retire upload");
    shell.type_in("capability show upload");
    assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn a_gate_is_made_for_a_gateway_and_changed_behind_its_back() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    shell.type_in("gate create reports --method GET=read");
    shell.type_in("gate create reports -m main --method GET=read --method post=send --topic-segment 2");
    shell.type_in(
        "gate create deploys -m main --method '*=send' --topic '#deploys' --deny-429 --description 'The deploy hook'",
    );
    shell.type_in("gate create deploys -m main --method GET");
    shell.type_in("gate create deploys -m main --method FETCH=read");
    shell.type_in("gate list");
    shell.type_in("gate edit reports --method DELETE=admin --drop-method POST --no-topic");
    shell.type_in("gate edit reports");
    shell.type_in("gate edit deploys --no-deny-429 --name hook");
    shell.type_in("gate show hook --field id");
    shell.type_in("gate delete hook");
    shell.type_in("gate delete hook --yes");
    shell.type_in("gate show hook");
    assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn what_a_change_would_do_is_told_before_it_is_done() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    shell.type_in("key issue lead -m main -c admin --all-topics --expires 30d --dry-run");
    shell.type_in("key list");
    let lead = shell.run("key issue lead -m main -c admin --all-topics --expires 30d").expect(0);
    shell.write("lead", lead.line());
    shell.run("--help").expect(0);
    shell.run("key issue child -c read -t deploys --token-file lead").expect(0);
    shell.type_in("key rotate lead --dry-run");
    shell.type_in("key disable lead --dry-run");
    shell.type_in("key revoke lead --cascade --dry-run");
    shell.type_in("key list --status active -o value --field label --sort label");
    assert_snapshot!(shell.transcript());
}

/// What is asked for in the help is there, and in words that were read by somebody.
#[test]
fn the_help_of_every_verb() {
    let mut help = String::new();
    let command = <meshkey::cli::Arguments as clap::CommandFactory>::command().term_width(100);
    collect(command, "", &mut help);
    assert_snapshot!(help);
}

fn collect(mut command: clap::Command, before: &str, help: &mut String) {
    command.build();
    let name = format!("{before}{}", command.get_name());
    let text = command.render_long_help().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    help.extend(["== ", &name, "\n\n", &lines.join("\n"), "\n\n"]);
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect::<Vec<_>>() {
        collect(verb, &format!("{name} "), help);
    }
}
