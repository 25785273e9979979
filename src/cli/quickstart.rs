//! `meshkey quickstart`: the main job, walked through over HTTP against the service itself.

use clap::Args;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{Failure, open::settings, serve::stopped, show::line};
use crate::{
    app,
    config::ServeFlags,
    domain::Slug,
    service::{
        House,
        founding::Founding,
        operator::{self, Operator},
    },
};

/// Run the service and walk through the main job.
#[derive(Args)]
pub(super) struct Quickstart {
    #[command(flatten)]
    flags: ServeFlags,
    /// End after the walk, instead of going on serving
    #[arg(long)]
    exit: bool,
}

impl Quickstart {
    /// Walks, and goes on serving.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let settings = settings(&self.flags, true)?;
        eprintln!("database: {}", app::database_in_words(&settings));
        let stop = stopped()?;
        let server = app::start(&settings).await?;
        let walked = walk(server.house(), &format!("http://{}", server.address())).await;
        if walked.is_ok() && !self.exit {
            line(&format!("\nmeshkey ready on http://{}  (Ctrl-C stops it; what it holds is kept)", server.address()))?;
            stop.await;
        }
        server.stop().await;
        walked
    }
}

/// A walker: who asks, and under which name its key stands in the curl lines.
struct Walker {
    client: Client,
    base: String,
}

struct Holder {
    variable: &'static str,
    secret: String,
}

impl Walker {
    /// Asks, printing the curl line and the answer.
    async fn ask(&self, by: &Holder, method: Method, path: &str, body: Option<Value>) -> Result<(u16, Value), Failure> {
        let Self { client, base } = self;
        let data = body.as_ref().map_or_else(String::new, |body| format!(" \\\n    --json '{body}'"));
        let verb = if body.is_some() || method == Method::GET { String::new() } else { format!(" -X {method}") };
        line(&format!("\n$ curl -s{verb} {base}{path} -H \"Authorization: Bearer ${}\"{data}", by.variable))?;
        let mut request = client.request(method, format!("{base}{path}")).bearer_auth(&by.secret);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| Failure::Other(error.to_string()))?;
        let status = answer.status().as_u16();
        let body = answer.json().await.map_err(|error| Failure::Other(error.to_string()))?;
        line(&format!("  {status}  {}", brief(&body)))?;
        Ok((status, body))
    }

    /// Makes a thing, or says that it is there.
    async fn ensure(&self, by: &Holder, path: &str, body: Value) -> Result<(), Failure> {
        match self.ask(by, Method::POST, path, Some(body)).await? {
            (201, _) => Ok(()),
            (409, _) => line("  (it exists already)"),
            (_, body) => Err(unexpected(&body)),
        }
    }

    async fn expect(
        &self,
        by: &Holder,
        method: Method,
        path: &str,
        body: Option<Value>,
        status: u16,
    ) -> Result<Value, Failure> {
        match self.ask(by, method, path, body).await? {
            (answered, body) if answered == status => Ok(body),
            (_, body) => Err(unexpected(&body)),
        }
    }
}

fn unexpected(body: &Value) -> Failure {
    Failure::Other(format!("the walk did not go as it should have: {body}"))
}

/// What matters of an answer, on one line; a secret is shown by its beginning.
fn brief(body: &Value) -> String {
    let members = [
        "secret",
        "code",
        "detail",
        "id",
        "slug",
        "name",
        "label",
        "capabilities",
        "topics",
        "status",
        "seq",
        "body",
        "effective",
        "expires_at",
    ];
    let shown = |member: &&str| {
        let value = body.get(*member).filter(|value| !value.is_null())?;
        let text =
            if *member == "secret" { json!(format!("{}…", value.as_str()?.get(..13)?)) } else { value.clone() };
        Some(format!("{member}: {text}"))
    };
    let own: Vec<_> = members.iter().filter_map(shown).collect();
    let inner =
        body.get("key").filter(|_| body.get("effective").is_some()).map(|key| format!(", key: {{{}}}", brief(key)));
    format!("{}{}", own.join(", "), inner.unwrap_or_default())
}

async fn admin(house: &House) -> Result<(Holder, bool), Failure> {
    let slug: Slug = "acme".parse().map_err(|_| Failure::Other("acme is a slug".to_owned()))?;
    let by = Operator::on_this_host();
    let is_there = operator::list(house, &by).await?.iter().any(|org| org.slug == slug);
    let issued = if is_there {
        operator::rescue(house, &by, &slug, Some(time::Duration::hours(24))).await?
    } else {
        let wish = Founding::of(slug);
        operator::found(house, &by, &wish).await?.key
    };
    Ok((Holder { variable: "ADMIN", secret: issued.secret.reveal().to_owned() }, is_there))
}

async fn walk(house: &House, base: &str) -> Result<(), Failure> {
    let (admin, was_there) = admin(house).await?;
    // No certificate authorities are needed for plain HTTP: many images have none.
    let client =
        Client::builder().no_proxy().tls_certs_only([]).build().map_err(|error| Failure::Other(error.to_string()))?;
    let walker = Walker { client, base: base.to_owned() };
    line(if was_there {
        "org acme exists already: here is a new admin key of it, for 24 hours"
    } else {
        "made org acme, and its first admin key"
    })?;
    line("\n1. A mesh and two topics.")?;
    walker.ensure(&admin, "/v1/orgs/acme/meshes", json!({ "slug": "main" })).await?;
    for topic in ["deploys", "secrets"] {
        walker.ensure(&admin, "/v1/orgs/acme/meshes/main/topics", json!({ "name": topic })).await?;
    }
    line("\n2. The admin issues a key that may only send, and only on #deploys.")?;
    let wish = json!({ "label": "ci", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let issued = walker.expect(&admin, Method::POST, "/v1/orgs/acme/keys", Some(wish), 201).await?;
    let text = |member: &str| issued[member].as_str().unwrap_or_default().to_owned();
    let (ci, id) = (Holder { variable: "CI", secret: text("secret") }, text("id"));
    line("\n3. The CI job sends with it.")?;
    let message = json!({ "body": { "text": "deployed 1.4.2" } });
    walker.expect(&ci, Method::POST, "/v1/meshes/main/topics/deploys/messages", Some(message.clone()), 201).await?;
    line("\n4. The same key on #secrets: refused, and told why.")?;
    walker.expect(&ci, Method::POST, "/v1/meshes/main/topics/secrets/messages", Some(message.clone()), 403).await?;
    line("\n5. Nor may it read what it sent.")?;
    walker.expect(&ci, Method::GET, "/v1/meshes/main/topics/deploys/messages", None, 403).await?;
    line("\n6. The admin revokes it.")?;
    let reason = json!({ "reason": "end of the quick start" });
    walker.expect(&admin, Method::POST, &format!("/v1/orgs/acme/keys/{id}/revoke"), Some(reason), 200).await?;
    line("\n7. It is dead.")?;
    walker.expect(&ci, Method::POST, "/v1/meshes/main/topics/deploys/messages", Some(message), 401).await?;
    say_what_next(base, &admin)
}

fn say_what_next(base: &str, admin: &Holder) -> Result<(), Failure> {
    line("\nYour admin key, shown once. Next, in another terminal:\n")?;
    line(&format!("  export ADMIN={}", admin.secret))?;
    line(&format!("  curl -s {base}/v1/whoami -H \"Authorization: Bearer $ADMIN\""))?;
    line(&format!("  curl -s {base}/v1/orgs/acme/keys -H \"Authorization: Bearer $ADMIN\""))?;
    line(&format!("  curl -s {base}/v1/orgs/acme/audit -H \"Authorization: Bearer $ADMIN\""))?;
    line(&format!("\nThe whole API, with a page to try it: {base}/docs"))
}
