
fn main() -> chainrule::Result<()> {
    let run = RunFolder::open(Path::new(RUN))?;
    let Some((parameters, _)) = run.load::<f32>()? else { panic!("{RUN} has no checkpoint yet") };

    let g = Graph::new();
    let output = run.config()?.model(INPUTS, OUTPUTS)?.forward(g.input("x", [1, INPUTS]));
    let mut plan = g.compile::<f32>(&[output])?;
    plan.feed("x", &[0.0; INPUTS])?; // one example, prepared as those of the training
    plan.run_with(&parameters)?;
    println!("{:?}", plan.value(output)?);
    Ok(())
}
