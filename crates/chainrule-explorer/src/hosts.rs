//! By which names this server may be called. A page of elsewhere can have its own name lead here, and
//! then reads what it likes: only the name that the browser called tells (DNS rebinding).

/// The names of this server, with its port.
pub struct Hosts {
    names: Vec<String>,
    port: u16,
}

/// What leads to this machine and to no other.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl Hosts {
    /// Those of this machine, and more.
    pub fn new(more: &[String], port: u16) -> Self {
        let own = LOOPBACK.iter().map(ToString::to_string);
        Self { names: own.chain(more.iter().cloned()).collect(), port }
    }

    /// Whether a name with its port, such as `localhost:8321`, means this server.
    pub fn has(&self, host: &str) -> bool {
        // The colons of an IPv6 address stand within brackets.
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, Some(port)),
            _ => (host, None),
        };
        let is_own_port = match port {
            Some(port) => port == self.port.to_string(),
            None => self.port == 80,
        };
        is_own_port && self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether a page of this origin is this server's.
    pub fn has_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.has(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_this_server_with_its_port_alone() {
        let hosts = Hosts::new(&["pi.local".into()], 8321);
        for own in
            ["127.0.0.1:8321", "localhost:8321", "LOCALHOST:8321", "[::1]:8321", "Pi.local:8321"]
        {
            assert!(hosts.has(own) && hosts.has_origin(&format!("http://{own}")), "{own}");
        }
        for foreign in [
            "",
            ":8321",
            "localhost",
            "localhost:",
            "localhost:8322",
            "localhost:08321",
            "[::1]",
            "localhost.:8321",
            "127.0.0.1.evil.example:8321",
            "evil.example:8321",
            "::1:8321",
            "user@localhost:8321",
            "localhost:8321:8321",
            "0.0.0.0:8321",
            " localhost:8321",
        ] {
            assert!(!hosts.has(foreign), "{foreign}");
        }
        for foreign in
            ["null", "https://localhost:8321", "http://localhost:8321/", "localhost:8321"]
        {
            assert!(!hosts.has_origin(foreign), "{foreign}");
        }
        let usual = Hosts::new(&[], 80);
        assert!(usual.has("localhost") && usual.has("[::1]") && usual.has("127.0.0.1:80"));
        assert!(!usual.has("localhost:8321"));
    }
}
