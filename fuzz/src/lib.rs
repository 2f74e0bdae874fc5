//! The files that the fuzz targets exercise, mounted at the places where they stand in the program.

pub mod again;
pub mod deploy;
pub mod model;
pub mod ports;
