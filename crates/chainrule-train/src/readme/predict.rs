
fn main() -> chainrule::Result<()> {
    let run = RunFolder::open(Path::new(RUN))?;
    let parameters = run.parameters::<f32>()?;

    let g = Graph::new();
    let model = run.config()?.model(INPUTS, OUTPUTS)?;
    let output = model.record(&Cx::predict(&g), 1).one();
    let mut plan = g.compile::<f32>(&[output])?;
    plan.feed("x", &[0.0; INPUTS])?; // one example, prepared as those of the training
    plan.run_with(&parameters)?;
    println!("{:?}", plan.value(output)?);
    Ok(())
}
