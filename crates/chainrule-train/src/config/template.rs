//! The settings file that `chainrule new` writes: the defaults, and what else could be set.

use std::fmt::Write as _;

use super::Config;

impl Config {
    /// A settings file for the dataset `name`, with a comment on every setting; `about` are lines on
    /// the data itself, such as its columns.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let text = Config::template("iris", &["150 examples of 3 classes".into()]);
    /// assert!(text.starts_with("# Settings of a training run"));
    /// assert_eq!(Config::from_toml(&text)?, Config::for_dataset("iris"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn template(name: &str, about: &[String]) -> String {
        let config = Self::for_dataset(name);
        let quoted = toml::Value::from(name).to_string();
        let mut out = String::from(
            "# Settings of a training run: chainrule train FILE.toml\n\
             # Options of `chainrule train` override them. A line that begins with # is off.\n\n",
        );
        for line in about {
            let _ = writeln!(out, "# {line}");
        }
        let _ = write!(
            out,
            r#"dataset = {quoted}
# target = "COLUMN"            # the column to predict; the last one where none is named
# task = "classify"            # or "regress"; by the target's type where it is not given
# weight = "COLUMN"            # the column with the weight of each example
# validation = 0.1             # the share of the examples that is held out, seeded and stratified
# test = "FILE"                # a file to test on
# raw = true                   # leave the inputs as they are: no standardisation, no one-hot encoding
# stream = true                # read rows as they are needed, for data larger than memory
# image_size = [28, 28]        # resize images to this width and height

# The network: hidden layers of these sizes with an activation after each …
hidden = {hidden:?}
activation = "{activation}"            # relu, sigmoid, tanh, leaky-relu, elu, silu, gelu or softplus
init = "{init}"                    # he, xavier, zeros or normal:DEVIATION
# dropout = 0.2                # the share of a hidden layer's outputs that a step leaves out
# … or layer by layer, the last one with as many units as there are classes or values:
# layers = ["affine 64", "batch-norm", "relu", "dropout 0.2", {{ kind = "residual", layers = ["affine 64", "gelu"] }}, "affine 3"]

# loss = "cross-entropy"       # for classes; binary-cross-entropy, mean-squared, half-squared, l1, huber
# loss = {{ kind = "cross-entropy", label_smoothing = 0.1 }}
# class_weights = "balanced"   # or a number for each class

optimizer = "{optimizer}"             # sgd, adagrad, rmsprop, adam, adamw, or lbfgs (in one batch of all)
# optimizer = {{ kind = "sgd", momentum = 0.9, nesterov = true, weight_decay = 1e-4 }}
lr = {lr}                      # the learning rate
# schedule = {{ kind = "cosine" }}   # constant, step, exponential, cosine, one-cycle or reduce-on-plateau
# warmup = 100                 # steps over which the learning rate grows from 0
# clip_norm = 1.0              # the largest norm of all gradients together
# clip_value = 1.0             # the largest size of any element of a gradient
# accumulate = 4               # batches whose gradients are averaged for one update
# freeze = ["affine1.*"]       # parameters that stay as they begin
# rates = {{ "affine2.*" = 0.1 }}  # learning rates of single parameters as multiples of lr

batch_size = {batch_size}
epochs = {epochs}
seed = 0
dtype = "f32"                  # or "f64"
# early_stopping = {{ patience = 10, min_delta = 0.0 }}   # needs a validation part
# checkpoint_every = 1000      # steps between two checkpoints within an epoch
# top_k = 5                    # count an example as right if its class is among so many best
# gradient_flow = true         # record activations and gradients of each layer once an epoch
"#,
            hidden = config.hidden,
            activation = config.activation,
            init = config.init,
            optimizer = config.optimizer.name(),
            lr = config.lr,
            batch_size = config.batch_size,
            epochs = config.epochs,
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_is_off_can_be_turned_on() {
        let text = Config::template("iris", &[]);
        let mut tried = 0;
        for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            let Some((key, _)) = line.split_once(" = ") else { continue };
            if key.contains(' ') {
                continue;
            }
            let others: Vec<&str> =
                text.lines().filter(|l| !l.starts_with(&format!("{key} = "))).collect();
            let on = format!("{}\n{line}\nvalidation = 0.1\n", others.join("\n"));
            let on =
                if key == "validation" { on.replacen("validation = 0.1\n", "", 1) } else { on };
            let on = if key == "early_stopping" || key == "validation" {
                on
            } else {
                on.replace("validation = 0.1\n", "")
            };
            Config::from_toml(&on).unwrap_or_else(|error| panic!("{line}\n{error}"));
            tried += 1;
        }
        assert!(tried > 20, "{tried} lines");
    }
}
