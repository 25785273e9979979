//! A topic from a terminal: what is sent is printed as it comes, once, whatever happens on the way.

use std::{
    io::{BufRead as _, BufReader, Read},
    os::unix::process::ExitStatusExt as _,
    process::{Child, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    relay::Relay,
    shell::{MESHKEY, Shell, finish},
};
use crate::{client::Client, house::House, tools::eventually};

const MESSAGES: &str = "/v1/meshes/main/topics/deploys/messages";

/// However slow the machine is.
const DEADLINE: Duration = Duration::from_mins(1);

/// A command that goes on.
struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Running {
    /// Begins it, and waits until it says that it follows.
    fn follow(shell: &Shell, line: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = shell.command(MESHKEY);
        command.args(["topic", "follow", "deploys", "-m", "main"]).args(line).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        let running = Self { child, out, err };
        assert_eq!(running.told(), "following #deploys in main");
        running
    }

    /// The next line of stderr.
    fn told(&self) -> String {
        self.err.recv_timeout(DEADLINE).expect("nothing was told")
    }

    /// The next line of stdout.
    fn printed(&self) -> String {
        self.out.recv_timeout(DEADLINE).expect("nothing was printed")
    }

    /// The numbers of the next messages, which are printed as JSON.
    fn seqs(&self, count: usize) -> Vec<i64> {
        let seq = || serde_json::from_str::<Value>(&self.printed()).unwrap()["seq"].as_i64().unwrap();
        (0..count).map(|_| seq()).collect()
    }

    /// How it ends, after this line on stderr and with nothing on stdout.
    fn end(mut self) -> (ExitStatus, String) {
        let last = self.told();
        assert_eq!(self.out.recv_timeout(DEADLINE), Err(RecvTimeoutError::Disconnected));
        (self.child.wait().unwrap(), last)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of it, as they come.
fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|it| line.send(it)));
    lines
}

async fn send(by: &Client, body: Value) -> Value {
    by.post(MESSAGES, json!({ "body": body })).await.expect(201).body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_is_printed_as_it_comes() {
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    let first = shell.run("topic send '#deploys' '{\"a\": 12345678901234567890}' -m main --json").expect(0).json();
    let json = Running::follow(&shell, &["-o", "json", "--after", "0"], &[]);
    assert_eq!(serde_json::from_str::<Value>(&json.printed()).unwrap(), first);
    assert_eq!(first["body"].to_string(), r#"{"a":12345678901234567890}"#);
    // Without a number it begins with the next.
    let people = Running::follow(&shell, &[], &[]);
    let said = shell
        .run(&format!("topic send deploys --text 'a\u{9b}2J\nb' -m main --reply-to {}", first["id"].as_str().unwrap()));
    let second: Value = serde_json::from_str(&json.printed()).unwrap();
    assert_eq!(second["reply_to"], first["id"]);
    assert_eq!(said.expect(0).out, format!("id   {}\nseq  2\n", second["id"].as_str().unwrap()));
    let time = &second["created_at"].as_str().unwrap()[..19];
    assert_eq!(people.printed(), format!("{time}Z  #2  first admin key  a\u{fffd}2J b"));
    let value = Running::follow(&shell, &["--field", "body"], &[]);
    shell.run_with("topic send deploys - -m main -q", "\n-1\n", &[]).expect(0);
    assert_eq!(value.printed(), "-1");
    shell.run_with("topic send deploys --text - -m main", "line\nline\n", &[]).expect(0);
    assert_eq!(json.seqs(2), [3, 4]);
    // The message that is named again is the message.
    for _ in 0..2 {
        let said = shell.run("topic send deploys -1 -m main --idempotency-key once -o value --field seq").expect(0);
        assert_eq!(said.line(), "5");
    }
    for (line, code) in [
        ("topic send deploys -m main", 2),
        ("topic send deploys done -m main", 2),
        ("topic send deploys 1 --text x -m main", 2),
        ("topic send deploys --text - -m main --token-file -", 2),
        ("topic send deploys 1 -m main --org elsewhere", 5),
        ("topic follow deploys -m main --org elsewhere", 5),
        ("topic send deploys 1 -m main --reply-to msg_00000000000000000000000000", 7),
        ("topic follow nowhere -m main", 5),
        ("topic follow deploys -m main --after 9", 7),
        ("topic follow deploys", 2),
    ] {
        let said = shell.run_with(line, &shell.read("token"), &[]);
        assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{line}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_and_nothing_is_lost_or_printed_twice() {
    let mut house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let there = Client::new(twin.stranger().base(), "acme").with_key(admin.secret());
    let relay = Relay::to(admin.base()).await;
    let shell = Shell::of(&admin);
    let url = [("MESHKEY_URL", relay.base())];
    let follow = Running::follow(&shell, &["-o", "jsonl"], &url);
    // It was cut off before it has heard anything.
    relay.cut();
    send(&there, json!(1)).await;
    assert!(follow.told().ends_with("coming back, behind #0"));
    assert_eq!(follow.seqs(1), [1]);
    for at in 2..5 {
        send(&admin, json!(at)).await;
    }
    assert_eq!(follow.seqs(3), [2, 3, 4]);
    // Nobody is there for a while, and that is said once.
    relay.turn_to(None);
    relay.cut();
    send(&admin, json!(5)).await;
    assert!(follow.told().ends_with("coming back, behind #4"));
    eventually("it has knocked", async || (relay.turned_away() > 0).then_some(())).await;
    relay.turn_to(Some(admin.base()));
    assert_eq!(follow.seqs(1), [5]);
    // The server stops, and another goes on.
    relay.turn_to(Some(there.base()));
    house.stop().await;
    send(&there, json!(6)).await;
    assert_eq!(follow.told(), "the server stops: coming back, behind #5");
    assert_eq!(follow.seqs(1), [6]);
    // A refusal is the end.
    let key = there.get("/v1/whoami").await.expect(200).body["key"]["id"].as_str().unwrap().to_owned();
    there.act(&there.at(&format!("/keys/{key}/revoke"))).await.expect(200);
    let (status, problem) = follow.end();
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(status.code(), Some(3));
    assert_eq!((&problem["code"], &problem["status"]), (&json!("invalid_token"), &json!(401)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_when_it_is_interrupted_and_when_nobody_reads_it() {
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    for at in 0..3 {
        send(&admin, json!(at)).await;
    }
    // Nothing more is sent: it does not have to print to see it.
    let mut bash = shell.command("bash");
    let line = format!("{MESHKEY} topic follow deploys -m main --after 0 -o json | head -1; echo ${{PIPESTATUS[0]}}");
    let said = finish(
        {
            bash.args(["-c", &line]);
            bash
        },
        "",
    )
    .expect(0);
    let (message, code) = said.out.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(serde_json::from_str::<Value>(message).unwrap()["seq"], 1);
    assert_eq!((code, said.err.as_str()), ("0", "following #deploys in main\n"));
    let mut follow = Running::follow(&shell, &["--after", "2", "-o", "json"], &[]);
    assert_eq!(follow.seqs(1), [3]);
    eventually("who follows is told", async || {
        let said = shell.run("mesh peers main").expect(0).out;
        (said.starts_with("KEY ") && said.contains("  just now") && said.contains("  #deploys")).then_some(())
    })
    .await;
    assert_eq!(shell.run("mesh peers nowhere").expect(5).out, "");
    let pid = follow.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(follow.child.wait().unwrap().signal(), Some(2));
    // A stream that is asked for by hand comes as it comes, too.
    let line =
        format!("{MESHKEY} api GET '/v1/meshes/main/topics/deploys/stream?after=2' | head -8; echo ${{PIPESTATUS[0]}}");
    let mut bash = shell.command("bash");
    bash.args(["-c", &line]);
    let said = finish(bash, "").expect(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[2], lines[5], lines[6]),
        ("retry: 2000", "id: 2", "event: open", "id: 3", "event: message")
    );
    assert_eq!(shell.run("api GET /v1/meshes/main/topics/nowhere/stream").expect(5).out, "");
}

/// An answer that is lost on the way: the same is sent again, and is one message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_and_not_answered_is_sent_once() {
    let house = House::new().await;
    let admin = house.admin();
    let relay = Relay::to(admin.base()).await;
    let shell = Shell::of(&admin);
    relay.lose_answers(1);
    let said = shell.run_with("topic send deploys 1 -m main --json", "", &[("MESHKEY_URL", relay.base())]);
    assert_eq!(said.expect(0).json()["seq"], 1);
    assert_eq!(admin.get(MESSAGES).await.expect(200).items().len(), 1);
    relay.lose_answers(3);
    let said = shell.run_with("topic send deploys 2 -m main", "", &[("MESHKEY_URL", relay.base())]).expect(8);
    let key = said.err.split("--idempotency-key ").nth(1).unwrap().split(' ').next().unwrap();
    let line = format!("topic send deploys 2 -m main --idempotency-key {key} -o value --field seq");
    assert_eq!(shell.run(&line).expect(0).line(), "2");
    assert_eq!(admin.get(MESSAGES).await.expect(200).items().len(), 2);
}
