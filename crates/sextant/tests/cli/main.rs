//! The built binary as a process: what it prints, what it answers, how it ends.

mod audit;
mod batch;
mod connect;
mod demo;
mod doctor;
mod exit_status;
mod export;
mod http;
mod identity;
mod import;
mod model_tests;
mod packages;
mod process;
mod query;
mod recipes;
mod shell;
mod sql;
mod stdio;
mod user;
