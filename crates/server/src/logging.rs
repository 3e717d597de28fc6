//! Log lines on standard error.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter cannot be read.
    #[error("log.filter cannot be read: {0}")]
    Filter(#[from] ParseError),
    /// Logging was started before.
    #[error("logging was started before: {0}")]
    Started(#[from] SetGlobalDefaultError),
}

/// Starts logging for the whole process.
///
/// # Errors
/// When the filter cannot be read, or logging was started before.
pub fn init(log: &Log) -> Result<(), LoggingError> {
    let colours = std::io::stderr().is_terminal();
    let subscriber = subscriber(log, std::io::stderr, colours)?;
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(())
}

fn subscriber<W>(
    log: &Log,
    writer: W,
    colours: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, ParseError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse(&log.filter)?)
        .with_writer(writer);
    Ok(match log.format {
        LogFormat::Text => Box::new(lines.with_ansi(colours).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, filter: &str) -> String {
        let log = Log {
            format,
            filter: filter.to_owned(),
        };
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(&log, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(delivery = 7, "stored");
            tracing::debug!("details");
        });
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_lines_are_for_people_and_obey_the_filter() {
        let text = logged(LogFormat::Text, "info");
        assert!(
            text.contains("INFO") && text.contains("stored delivery=7"),
            "{text}"
        );
        assert!(!text.contains("details"));
        assert!(logged(LogFormat::Text, "debug").contains("details"));
    }

    #[test]
    fn json_lines_are_objects_with_level_message_and_fields() {
        let text = logged(LogFormat::Json, "info");
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "stored");
        assert_eq!(line["delivery"], 7);
    }

    #[test]
    fn a_bad_filter_is_an_error() {
        let log = Log {
            format: LogFormat::Text,
            filter: "a=b=c".to_owned(),
        };
        assert!(subscriber(&log, std::io::stderr, false).is_err());
    }
}
