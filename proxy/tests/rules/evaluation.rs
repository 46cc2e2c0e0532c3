//! Rules that a Prometheus evaluates itself, off the grid of the page.
