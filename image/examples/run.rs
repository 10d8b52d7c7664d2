fn main() {
    let path = std::env::args().nth(1).unwrap();
    let mut vm = image::bootstrap::bootstrap(std::path::Path::new("image/kernel")).unwrap_or_else(|e| panic!("{e}"));
    let text = std::fs::read_to_string(&path).unwrap();
    match vm.load_text(&path, text.into_bytes()) {
        Ok(_) => {}
        Err(e) => { eprintln!("{e}"); std::process::exit(1) }
    }
}
