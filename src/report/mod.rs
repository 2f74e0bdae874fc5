//! Finished results → files that people and other programs read: HTML, PDF, CSV of curves, tables and chunks.
//!
//! It only lays out what it is given; it may import every room below it and computes nothing.

pub mod csv;
mod document;
pub mod files;
pub mod html;
pub mod pdf;
pub mod tables;
