//! Prints an answer as it arrives, then why its model was chosen: `cargo run -- "Write hello world in Rust"`.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use ymera_client::v1::execute_stream_response::Event;
use ymera_client::v1::ExecuteStreamRequest;
use ymera_client::{prompt, within, Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::var("YMERA_ADDRESS").unwrap_or_else(|_| "127.0.0.1:50051".to_owned());
    let words: Vec<String> = std::env::args().skip(1).collect();
    let question = if words.is_empty() { "Write hello world in Rust".to_owned() } else { words.join(" ") };
    let request = ExecuteStreamRequest { prompt: Some(prompt(&question)), ..Default::default() };
    let mut client = Client::new(&address)?;
    let mut events = client.ymera.execute_stream(within(Duration::from_secs(60), request)).await?.into_inner();
    let mut why = String::new();
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Started(started)) => why = started.decision.unwrap_or_default().explanation,
            Some(Event::TextDelta(delta)) => {
                print!("{}", delta.text);
                std::io::stdout().flush()?;
            }
            Some(Event::Completed(_)) => println!("\n\n{why}"),
            _ => {}
        }
    }
    Ok(())
}
