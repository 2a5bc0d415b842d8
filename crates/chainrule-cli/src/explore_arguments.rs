//! The words of `explore`.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use chainrule_explain::Language;
use clap::Args;

use crate::explain_arguments::Given;
use crate::help::language;

#[derive(Debug, Args)]
pub struct Explore {
    /// The folder of a run, whose network is shown; or an expression, such as 'x * m * t', - for standard
    /// input, or a line that holds a state, which begins with c1. [default: the apples of the course]
    #[arg(value_name = "DIR|EXPRESSION|STATE", allow_hyphen_values = true)]
    pub subject: Option<String>,
    #[command(flatten)]
    pub given: Given,
    /// Of a run: the example that is shown first, counted from 0
    #[arg(long, value_name = "N", conflicts_with = "Given")]
    pub example: Option<u32>,
    /// Of a run: the examples of other data, or a part such as mnist:train
    #[arg(long, value_name = "DATASET", conflicts_with = "Given")]
    pub data: Option<String>,
    /// Of a run: the parameters of the last step, not those of the best epoch
    #[arg(long, conflicts_with = "Given")]
    pub last: bool,
    /// Draw what the loss or another scope is made of
    #[arg(long)]
    pub unfold: bool,
    #[arg(
        long,
        help = format!("{} [default: the browser's]", language()),
        value_name = "LANGUAGE",
        value_parser = str::parse::<Language>
    )]
    pub lang: Option<Language>,
    /// Open the browser; other users of this machine can see the address among its arguments then
    #[arg(long)]
    pub open: bool,
    /// Listen at this port, or the next one that is free; 0: at any
    #[arg(long, value_name = "N", default_value_t = 8321)]
    pub port: u16,
    /// Listen at this address of the machine's, such as 0.0.0.0 for all; others can then come in,
    /// where they have the token
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = address)]
    pub host: IpAddr,
    /// With --host: the name or address by which other machines call this one; more of them:
    /// --allow-host again
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub allow_host: Vec<String>,
}

/// Reads an address, or a name of this machine.
fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(address);
    }
    let found = (text, 0).to_socket_addrs().ok().and_then(|found| {
        let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        found.iter().find(|address| address.is_ipv4()).or(found.first()).copied()
    });
    found.ok_or_else(|| "give an address of this machine, such as 0.0.0.0 or 192.168.1.5".into())
}

/// Reads a name without a port, as browsers call a server.
fn name(text: &str) -> Result<String, String> {
    let is_address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_address = is_address.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match is_address || !text.is_empty() && text.chars().all(is_name) {
        true => Ok(text.to_owned()),
        false => {
            Err("give a name without http:// and port, such as pi.local, 192.168.1.5 or [fe80::1]"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_browsers_call() {
        for right in ["pi.local", "192.168.1.5", "[fe80::1]", "my_pi"] {
            assert_eq!(name(right).as_deref(), Ok(right));
        }
        for wrong in ["", "http://pi", "pi:8321", "fe80::1", "[pi]", "pi/", "*"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(address("[::1]"), Ok(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)));
        assert!(address("localhost").unwrap().is_loopback());
        assert!(address("no such machine").is_err());
    }
}
