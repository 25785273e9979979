//! `meshkey gate`.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete, confirm,
    connection::Client,
    flags::ClientFlags,
    pages::Much,
    print::{Table, facts, text},
    when::told,
};

/// Make, look at, change and delete gates: by what gateways let pass.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey gate create reports --mesh main --method GET=read --method POST=send --topic-segment 2\n  \
meshkey gate edit reports --method DELETE=admin --drop-method POST\n  \
meshkey gate show reports --field id                    what the gateway's configuration names")]
pub(in crate::cli) struct Gate {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the gates
    List {
        #[command(flatten)]
        much: Much,
    },
    /// Show a gate
    Show(One),
    /// Make a gate of a mesh
    Create(Create),
    /// Change a gate; every gateway that names it is answered by what it is then
    Edit(Edit),
    /// Delete a gate: nobody passes any more where it is named
    Delete {
        #[command(flatten)]
        one: One,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Args)]
struct One {
    /// The gate, by name or id
    #[arg(value_name = "GATE", add = ArgValueCandidates::new(complete::gates))]
    gate: String,
}

#[derive(Args)]
struct Create {
    /// How it is called: a-z 0-9 and -, 48 at most
    #[arg(value_name = "NAME")]
    name: String,
    /// What a method demands, such as GET=read; may be given several times; * is every method that is not named
    #[arg(long = "method", value_name = "METHOD=CAPABILITY", required = true)]
    methods: Vec<String>,
    /// Always on this topic
    #[arg(long, value_name = "TOPIC", conflicts_with = "topic_segment", add = ArgValueCandidates::new(complete::topics))]
    topic: Option<String>,
    /// On the topic that stands in this segment of the path; the first is 1
    #[arg(long, value_name = "NUMBER")]
    topic_segment: Option<u32>,
    /// The gateway can pass on a 429; without it, it is told 403
    #[arg(long)]
    deny_429: bool,
    /// What it stands before
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

#[derive(Args)]
struct Edit {
    #[command(flatten)]
    one: One,
    /// How it is to be called
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What a method demands from now on, such as GET=read; may be given several times
    #[arg(long = "method", value_name = "METHOD=CAPABILITY")]
    methods: Vec<String>,
    /// A method that it names no more
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    drop_method: Vec<String>,
    /// Always on this topic
    #[arg(long, value_name = "TOPIC", conflicts_with_all = ["topic_segment", "no_topic"], add = ArgValueCandidates::new(complete::topics))]
    topic: Option<String>,
    /// On the topic that stands in this segment of the path; the first is 1
    #[arg(long, value_name = "NUMBER", conflicts_with = "no_topic")]
    topic_segment: Option<u32>,
    /// On no topic
    #[arg(long)]
    no_topic: bool,
    /// The gateway can pass on a 429
    #[arg(long)]
    deny_429: bool,
    /// It cannot, and is told 403
    #[arg(long, conflicts_with = "deny_429")]
    no_deny_429: bool,
    /// What it stands before; empty for nothing
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Gate {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let all = ["v1", "orgs", &org, "gates"];
        let ask = match &self.verb {
            Verb::List { much } => {
                client.show_list(&Ask::get(&all), *much, "id", table).await?;
                return Ok(Outcome::Done);
            }
            Verb::Show(one) => Ask::get(&[&all[..], &[one.gate.as_str()]].concat()),
            Verb::Create(create) => Ask::post(&all, &create.wish(&client.the_mesh().await?)?),
            Verb::Edit(edit) => {
                let path = [&all[..], &[edit.one.gate.as_str()]].concat();
                client.edit(&path, &edit.patch()?).await?
            }
            Verb::Delete { one, yes } => {
                if !yes && !self.client.print_curl {
                    let question = format!("Nobody passes any more where the gate {} is named.", one.gate);
                    confirm::typed(&question, &one.gate, "--yes")?;
                }
                Ask::new(Method::DELETE, &[&all[..], &[one.gate.as_str()]].concat())
            }
        };
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "id", words)?;
        if matches!(self.verb, Verb::Edit(_) | Verb::Delete { .. }) {
            client.say_effective(&answer);
        }
        Ok(Outcome::Done)
    }
}

impl Create {
    fn wish(&self, mesh: &str) -> Result<Value, Failure> {
        let mut wish = Map::new();
        wish.insert("mesh".into(), json!(mesh));
        wish.insert("name".into(), json!(self.name));
        wish.insert("methods".into(), Value::Object(methods(&self.methods)?));
        wish.extend(topic(self.topic.as_ref(), self.topic_segment).map(|topic| ("topic".to_owned(), topic)));
        wish.insert("deny_429".into(), json!(self.deny_429));
        wish.extend(self.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
        Ok(Value::Object(wish))
    }
}

impl Edit {
    fn patch(&self) -> Result<Value, Failure> {
        let mut patch = Map::new();
        patch.extend(self.name.as_ref().map(|name| ("name".to_owned(), json!(name))));
        let mut methods = methods(&self.methods)?;
        methods.extend(self.drop_method.iter().map(|method| (method.to_uppercase(), Value::Null)));
        patch.extend((!methods.is_empty()).then(|| ("methods".to_owned(), Value::Object(methods))));
        let topic = topic(self.topic.as_ref(), self.topic_segment).or(self.no_topic.then_some(Value::Null));
        patch.extend(topic.map(|topic| ("topic".to_owned(), topic)));
        let deny_429 = self.deny_429.then_some(true).or(self.no_deny_429.then_some(false));
        patch.extend(deny_429.map(|deny| ("deny_429".to_owned(), json!(deny))));
        patch.extend(self.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
        if patch.is_empty() {
            return Err(Failure::Usage("say what is to be changed; --help lists what can be".to_owned()));
        }
        Ok(Value::Object(patch))
    }
}

fn methods(said: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut methods = Map::new();
    for one in said {
        let wrong =
            || Failure::Usage(format!("--method '{one}': expected a method and what it demands, such as GET=read"));
        let (method, capability) = one.split_once('=').ok_or_else(wrong)?;
        if methods.insert(method.to_uppercase(), json!(capability)).is_some() {
            return Err(Failure::Usage(format!("--method {method} is there twice")));
        }
    }
    Ok(methods)
}

fn topic(fixed: Option<&String>, segment: Option<u32>) -> Option<Value> {
    fixed.map(|topic| json!({ "fixed": topic })).or(segment.map(|number| json!({ "segment": number })))
}

fn table(gates: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["GATE", "METHODS", "TOPIC", "ID"]);
    for gate in gates {
        table.row(vec![text(gate, "name"), demanded(gate), on(gate), text(gate, "id")]);
    }
    table.lines()
}

fn words(gate: &Value) -> Vec<String> {
    facts(&[
        ("gate", format!("{}  {}", text(gate, "name"), text(gate, "id"))),
        ("for", text(gate, "description")),
        ("mesh", text(gate, "mesh")),
        ("methods", demanded(gate)),
        ("topic", on(gate)),
        ("429", if gate["deny_429"] == true { "passed on".to_owned() } else { "told as 403".to_owned() }),
        ("ask at", format!("/v1/forward-auth/DIALECT/{}", text(gate, "id"))),
        ("made", told(&text(gate, "created_at"), "")),
    ])
}

/// `GET read, POST send`.
fn demanded(gate: &Value) -> String {
    let methods = gate["methods"].as_object().into_iter().flatten();
    let one = |(method, capability): (&String, &Value)| format!("{method} {}", capability.as_str().unwrap_or_default());
    methods.map(one).collect::<Vec<_>>().join(", ")
}

/// On which topic, in words.
fn on(gate: &Value) -> String {
    match (&gate["topic"]["fixed"], &gate["topic"]["segment"]) {
        (Value::String(_), _) => format!("#{}", text(gate, "topic.fixed")),
        (_, Value::Number(number)) => format!("segment {number} of the path"),
        _ => "none".to_owned(),
    }
}
