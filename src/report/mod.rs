//! Finished results → files that other programs read: CSV of curves, tables and chunks.
//!
//! It only lays out what it is given; it may import every room below it and computes nothing.

pub mod csv;
pub mod html;
