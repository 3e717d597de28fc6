//! Facts about the machine, for the heading: figures of two machines are never compared.

use std::fs;

/// Processors, their kind, and the build's profile.
pub(crate) fn facts() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kind = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| field(&text, "model name"));
    let kind = kind.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let build = if cfg!(debug_assertions) {
        "UNOPTIMISED build, its figures mean nothing"
    } else {
        "release build"
    };
    format!("{cores} cores of {kind}; {build}")
}

/// What follows `name :` in a file of `/proc`.
pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fields_are_found_by_name() {
        let text = "VmPeak:\t  99 kB\nVmRSS:\t  4120 kB\n";
        assert_eq!(super::field(text, "VmRSS").as_deref(), Some("4120 kB"));
        assert_eq!(super::field(text, "Vm"), None);
    }
}
