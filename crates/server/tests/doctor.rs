//! `earmark doctor` as the operator runs it.
#![cfg(test)]

use earmark_db::tenant::SecretKind;
use earmark_model::{ConnectionId, Sources, WorkspaceId};
use earmark_seal::MasterKey;
use earmark_testkit::{TestDb, both_databases, build};
use serde_json::Value;
use std::process::{Command, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An address at which `/healthz` answers.
async fn healthy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
    });
    address
}

async fn doctor(database: &str, public: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earmark"));
    command
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .env("EARMARK__DATABASE__URL", database)
        .env(
            "EARMARK__KEYS__MASTER",
            MasterKey::generate(&Sources::system()).to_text(),
        )
        .env("EARMARK__SERVER__PUBLIC_URL", public)
        .env("EARMARK__INTERCOM__API_URL", "http://127.0.0.1:9");
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

async fn connection(t: &TestDb) -> (WorkspaceId, ConnectionId) {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw7tide3").await.id;
    (workspace, connection)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

both_databases! {
    async fn a_red_line_is_exit_code_1_and_its_cure_0(t: TestDb) {
        let public = healthy().await;
        let (workspace, id) = connection(&t).await;
        let output = doctor(&t.url, &public, &[]).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = text(&output);
        assert!(said.contains("BROKEN     Signatures: No client secret is stored"), "{said}");
        assert!(said.contains("Cure: Copy the client secret"), "{said}");

        let secret = (t.sources.id(), SecretKind::ClientSecret, "sealed", "last");
        build::secret(&t.db, workspace, id, secret).await;
        let slug = t.db.workspace(workspace).details().await.unwrap().slug;
        let output = doctor(&t.url, &public, &["--workspace", &slug, "--connection", &id.to_string(), "--json"]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let json: Value = serde_json::from_str(&text(&output)).unwrap();
        assert_eq!(json[0]["connection"], id.to_string());
        let lines = json[0]["lines"].as_array().unwrap();
        let signatures = lines.iter().find(|line| line["check"] == "signatures").unwrap();
        assert_eq!(signatures["verdict"], "good");
        // What was found stands on the connection's page, too.
        assert_eq!(t.db.workspace(workspace).doctor_lines(id).await.unwrap().len(), lines.len());
    }

    async fn what_cannot_be_looked_at_is_exit_code_2(t: TestDb) {
        let public = healthy().await;
        connection(&t).await;
        let output = doctor(&t.url, &public, &["--workspace", "nobody"]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.contains("no connection") && complaint.contains("--workspace"), "{complaint}");
        let output = doctor("postgres://nobody@127.0.0.1:9/none", &public, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let output = doctor("mysql://x", &public, &[]).await;
        assert_eq!(output.status.code(), Some(2), "the configuration is checked first: {output:?}");
    }
}
