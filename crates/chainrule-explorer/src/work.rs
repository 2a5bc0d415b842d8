//! One computation at a time, each on a thread of its own so that the server goes on answering.

use std::sync::Arc;

use hyper::StatusCode;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::refusal::Refusal;

/// Whose turn it is.
pub struct Work(Arc<Semaphore>);

impl Work {
    /// Nobody's.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Runs a job when its turn has come. Where its client goes away before, this future is dropped and
    /// the job never runs: a slider sends many.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let broken = || {
            let message =
                "the computation broke off, which is a mistake of chainrule: please report it";
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message)
        };
        let turn = self.0.clone().acquire_owned().await.map_err(|_| broken())?;
        let running = spawn_blocking(move || {
            let done = job();
            drop(turn);
            done
        });
        running.await.map_err(|_| broken())?
    }
}
