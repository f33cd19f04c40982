//! Iris on axum and the `ort` crate: typed JSON in and out, the sessions in this process.
//! Arguments: the model's file, and how many sessions there are (1: one behind a mutex; more: a pool of them).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;
use serde::{Deserialize, Serialize};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Deserialize)]
struct Row {
    sepal_length: f32,
    sepal_width: f32,
    petal_length: f32,
    petal_width: f32,
}

#[derive(Serialize)]
struct Answer {
    result: [i64; 1],
}

struct Sessions {
    all: Vec<Mutex<Session>>,
    turn: AtomicUsize,
}

impl Sessions {
    /// A run takes some microseconds: it is made where the request is read, which is faster than handing it to a thread.
    fn run(&self, row: &Row) -> Result<i64, Failure> {
        let values = [row.sepal_length, row.sepal_width, row.petal_length, row.petal_width];
        let input = TensorRef::from_array_view(([1usize, 4], &values[..]))?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut session = self.all[turn % self.all.len()].lock().map_err(|_| "a run has panicked")?;
        let outputs = session.run(ort::inputs!["input" => input])?;
        let (_, labels) = outputs["label"].try_extract_tensor::<i64>()?;
        Ok(labels[0])
    }
}

async fn predict(State(sessions): State<Arc<Sessions>>, Json(row): Json<Row>) -> Result<Json<Answer>, StatusCode> {
    match sessions.run(&row) {
        Ok(label) => Ok(Json(Answer { result: [label] })),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn open(environment: &Environment, file: &str) -> Result<Mutex<Session>, Failure> {
    let builder = Session::builder(environment)?.with_intra_threads(1).map_err(|error| error.to_string())?;
    let mut builder = builder.with_inter_threads(1).map_err(|error| error.to_string())?;
    Ok(Mutex::new(builder.commit_from_file(file)?))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("the model's file is missing")?;
    let count: usize = arguments.next().ok_or("the number of sessions is missing")?.parse()?;
    let environment = ort::init().build()?;
    let all = (0..count).map(|_| open(&environment, &file)).collect::<Result<_, _>>()?;
    let sessions = Arc::new(Sessions { all, turn: AtomicUsize::new(0) });
    let app = Router::new().route("/predict", post(predict)).with_state(sessions);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{{\"url\":\"http://{}\"}}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
