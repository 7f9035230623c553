//! `faults-plot FILE`: draws the metrics of a client and three servers while a server and etcd are killed and come back.
//! It starts the program `faults-server` beside this one, and etcd.

use faults::Failure;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let file = std::env::args().nth(1).ok_or("which file is to be written?")?;
    Ok(std::fs::write(file, faults::plot::draw().await?)?)
}
