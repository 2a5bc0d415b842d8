# The words of an explanation, in English.
# f is the result of the expression, L the loss on top of it, d{ $root }/d· the gradient.

heading-at = at { $values }
heading-loss = loss { $loss } = ½·({ $output } − target)² = { $numbers }
heading-cross-entropy = loss { $loss } = −Σ T·ln softmax({ $output }) = { $numbers }

drawing-title = The graph, from the result down to the inputs
drawing-legend = (value → computed upwards, d{ $root }/d· ← passed downwards)
drawing-norms = (an array that does not fit: its shape and ‖its norm‖, √Σx²)
see-above = (see above)
more-nodes = … more nodes: see --format json

forward-title = Forward, gate by gate: each value from those that it takes
forward-legend = (an array of more than twelve numbers: its shape and ‖its norm‖, √Σx²; below, its range and its first rows)
extreme-small = Why is d{ $root }/d{ $name } so small? The slopes along its main path multiply
extreme-large = Why is d{ $root }/d{ $name } so large? The slopes along its main path multiply
extreme-shrinks = { $product }: { $count } of { $of } factors are below 1.
extreme-grows = { $product }: { $count } of { $of } factors are above 1.
extreme-most = The one that does most is { $factor }, at { $gate }.
backward-title = Backward, gate by gate: upstream × local derivative = gradient
backward-own = ({ $own } is the gate's own value)
backward-takes = ({ $takes } is what the gate takes: { $takes }1, { $takes }2 … in turn)
backward-places = ({ $own } is the gate's own value, { $takes } what it takes: { $takes }1, { $takes }2 … in turn)
local = local: { $formula }
sum-rule = Each term receives d{ $root }/d{ $sum } = { $upstream } as it is; of a product, each factor receives it times the other one.
sum-products = { $count } products
to = to { $operand }:
rule-own = rule of { $op } on { $up }
rule-sum-all = sum of { $up }
rule-column-sums = column sums of { $up }
rule-row-sums = row sums of { $up }
rule-sum-repeats = { $up } summed over the repeats
rule-reshape = { $up }, reshaped
rule-spread = { $up } to each summand
rule-largest = { $up } to the largest
rule-moves = { $up } where the element went

sheet-exercise = Exercise
sheet-solution = Answers
sheet-blanks = Fill in the blanks; #1 further on is what blank #1 came to.
sheet-answers = The answers stand in the blanks, behind their numbers.
sheet-answers-rounded = They have { $digits } significant digits, and were computed with all.
sheet-rounded = Write { $digits } significant digits, but go on with all of yours.
sheet-backward = Backward: upstream × local derivative = gradient
sheet-gradients = The gradients
sheet-seed = seed { $seed }
topic-chain-rule = The chain rule
topic-sigmoid = Sigmoids
topic-softmax = Softmax and cross-entropy
topic-matrix = Products of matrices

note-saturated = { $count } of { $of } units ({ $share }) are saturated: the curve is so flat there that almost no gradient passes.
note-saturated-one = The unit is saturated: the curve is so flat here that almost no gradient passes.
note-off = { $count } of { $of } units ({ $share }) are off: their input is not above 0, so that no gradient passes.
note-off-one = The unit is off: its input is not above 0, so that no gradient passes.
note-off-which = Off: { $which }
note-not-taken = No gradient arrives here: the branch was not taken, and its 0 stays 0 whatever the slope below.
note-stays-zero = What arrives is 0, as the result does not depend on this value here; it stays 0 whatever the slope.
note-power-of-zero = At a base of 0 the slope by the exponent is taken as 0.
note-blocked = The branch was not taken: nothing passes, though what arrives is not finite.
note-corner = A corner, where several slopes fit: at 0 that of { $op } is 0 by convention.
note-tie = A tie: by convention equals share the gradient evenly.
note-loss = Why y − t: the logarithm of the loss undoes the exponential of softmax, and what is left is the prediction y minus the target t.
note-loss-weights = The targets do not sum to 1: the derivative of −Σ t·ln softmax(x) is then Σt · softmax(x) − t.
note-loss-batch = These are the first row's; the loss is the mean of { $count } rows, so that each row's gradient is divided by { $count }.
note-loss-numbers = y = { $y }, t = { $t }, y − t = { $difference }

ledger-title = Who wants what: values used in several places add up d{ $root }/d·
ledger-node = { $name }: d{ $root }/d· = { $total }
ledger-from = from { $gate }
ledger-one = Only one of them passes a gradient.
ledger-agree = All pull the same way; nothing cancels.
ledger-cancel = { $lost } of it cancels: |Σ| / Σ|·| = { $ratio }.
more = … and { $count } more

partials-title = Partial derivatives of the result
where = where { $name } = { $formula }
hessian-title = Second derivatives of the result

paths-title = Paths from { $root } to { $name } ({ $count } in all): the local derivatives along each, multiplied
paths-title-arrays = Paths from { $root } to { $name } ({ $count } in all): by what each gate changes the norm of the gradient
paths-rest-arrays = The other { $count } paths give { $sum } of the gradient.
paths-sum-arrays = All paths together: ‖d{ $root }/d{ $name }‖ = { $sum }. A path's share is the part of this gradient that it gives.
paths-rest = The other { $count } paths add { $sum }.
paths-sum = All paths together: d{ $root }/d{ $name } = { $sum }.
paths-times = { $count } times

what-if-title = What if? The change of { $root }, and what derivatives predict
what-if-others = { $count } others matter less by gradient × value: name them with --nudge.
change = change
f-then = { $output } then
l-then = { $loss } then
true-change = true
by-gradient = gradient
by-curvature = + curvature
verdict-linear = the gradient alone is exact.
verdict-linear-rounded = the gradient alone fits, as far as can be told: rounding of the result hides { $hidden } of so small a change.
verdict-quadratic-rounded = the gradient alone is off by { $first }; with curvature it fits, as far as can be told: rounding of the result hides { $hidden } of so small a change.
verdict-quadratic = the gradient alone is off by { $first }; with curvature it is exact.
verdict-better = the gradient alone is off by { $first }; with curvature by { $second }.
verdict-worse = the gradient alone is off by { $first }, with curvature by { $second }: this change is too large for either.
verdict-corner = a corner: any slope from { $low } to { $high } fits here; { $taken } is taken.
verdict-corner-array = a corner: several slopes fit here, and one of them is taken.
verdict-jump = a jump: the value changes at once, which no slope tells.
verdict-crosses-corner = at { $place } stands a corner, beyond which the slope is another.
verdict-crosses-jump = at { $place } the value jumps, which no slope tells.
verdict-flat = slope and curvature are 0 here; what changes is of higher order.
verdict-steep = the slope is infinite here.
verdict-drowned = rounding of the result drowns so small a change.
verdict-no-change = nothing changes in truth.
verdict-not-finite = a number here is not finite.

goals-title = What would bring { $root } to { $goal }? One value alone, the others held
goal-by-rounding = → { $f } comes so near that no digit differs, and never gets there.
goal-flat = { $name }: changes nothing here
goals-others = { $count } others matter less by gradient × value: name them with --wrt.
goal-none = { $name }: none found from { $low } to { $high }

ranking-title = Which variable matters? d{ $root }/d· depends on units; gradient × value does not
rank-name = by gradient
rank-gradient = gradient
rank-value = value
rank-effect = gradient × value
ranking-same = The gradients differ, but +1 % of any of them has the same effect: gradient × value is the same for all.
ranking-most = Per cent for per cent, most depends on { $names }: gradient × value is the effect of +100 %, to first order.

descent-title = Which way to move? Against the gradient, with learning rate { $lr }
step = step
descent-every = Every { $every }th step is shown.
descent-still = From step { $step } on, these numbers stay as they are.
descent-change = The first step changes it by { $change }; the gradient predicts { $predicted }.
descent-still-here = The gradient is 0 here: no step moves.
descent-limit = Were the curvature the same everywhere, a learning rate of { $bottom } would go straight to the bottom of the valley; beyond { $limit } a step would climb the other side.
descent-beyond = The learning rate { $lr } is beyond { $limit }, where a step climbs the other side of the valley.
descent-diverged = It diverges: the learning rate { $lr } is too large.

sweep-title = { $root } over { $name }: * the curve, · its tangent, o where they touch

picture-title = The computation graph of { $expression }, with its values going forward and its gradients coming back
picture-loss = ½·({ $output } − target)²
picture-target = target = { $target }
picture-others = … { $count } more gates
picture-others-tip = Farther from the result than what is drawn here
picture-values = values, forward →
picture-gradients = ← gradients d{ $root }/d·, backward
picture-gradients-sums = ← gradients d{ $root }/d·, backward; Σ: several uses together

latex-title = The chain rule, step by step
latex-forward = Forward: every value
latex-backward = Backward: every local derivative, and what it passes on
latex-shared = Values used several times: what their uses add up to
latex-variables = The chain rule for every variable

language = en
page-left-out = Left out of this document, which is large: { $nodes } nodes that are not drawn, and { $inputs } inputs that matter less.
page-inputs = The inputs are known. Step forward to compute one gate at a time, then on to send the gradients back.
page-forward = Forward: the gate { $op } computes its value.
page-forward-box = Forward: the box { $name } computes its value, gate by gate.
page-forward-sum = Forward: products are added up.
page-seed = Backward begins: the derivative of { $root } with respect to itself is 1.
page-backward = Backward: the gate { $op } multiplies the gradient that arrives by its local derivatives.
page-backward-box = Backward: through the box { $name }, gate by gate.

network-right = Class { $predicted }, rightly, with { $certain }; loss { $loss }
network-wrong = Class { $predicted } with { $certain }, but it is { $label }; loss { $loss }
network-no-answer = No class, as an output is not a number; it is { $label }; loss { $loss }
network-values = Predicted { $predicted }, where { $wanted } is right; loss { $loss }
network-features = The features on which the loss depends most, as the network sees them
network-feature = feature
network-layers = Layer by layer: what goes forward, and the gradient that comes back
network-layer = layer
network-output = ‖output‖
network-range = range
network-gradient = ‖gradient‖
network-idle = idle units
network-off = { $count } off ({ $share })
network-saturated = { $count } saturated ({ $share })
network-ledger = Who wants what: values used by several layers or branches add up dL/d·
network-ledger-node = { $name }: ‖dL/d·‖ = { $total }
network-parameters = What weights and biases get, from the gradient dY of their layer's output
network-rule = by the rule
network-weights = The weights that matter most for this loss: gradient × value
network-weight = weight
network-saliency = The input, and where the loss depends on it: |dL/d·| of each feature
network-example = class { $label }
network-legend = orange: more of it raises the loss; blue: lowers it

step-title = Step { $step }, which is step { $at } of epoch { $epoch }: learning rate { $rate }; the { $count } examples of its batch have the loss { $loss }
step-other-data = Not the step that ran: the data has changed since.
step-objective = Told is the turn of the objective `{ $name }`.
step-examples = Its examples, and their shares of the loss, the gradient and the update
step-row = row
step-target = target
step-predicted = predicted
step-loss = loss
step-of-loss = of loss
step-of-gradient = of gradient
step-of-update = of update
step-others = { $count } others
step-movements = How far the weights moved
step-all = all
step-weight = ‖weight‖
step-update = ‖update‖
step-ratio = update/weight
step-parts = What moved them
step-part-batch = this batch
step-part-earlier = earlier batches
step-part-clipping = clipping
step-part-momentum = momentum
step-part-decay = weight decay
step-part-rounding = rounding
step-note = Shares are projections: what a part adds in the direction of the whole. They add up to 100 %; below 0 it pulls the other way.
step-no-update = This step only adds its gradients to those of the batches that follow; nothing moves yet.

flow-title = How the gradient flows, on { $count } examples that stay the same
flow-gradients = The gradient of each layer's output (root mean square), by epoch
flow-vanishes = In epoch { $epoch } the gradient is { $factor } times smaller at { $first } than at { $last }: it vanishes on the way back.
flow-explodes = In epoch { $epoch } the gradient is { $factor } times larger at { $first } than at { $last }: it explodes on the way back.
flow-passes = In epoch { $epoch } the gradient is { $factor } times as large at { $first } as at { $last }: it comes through.
flow-layers = Epoch { $epoch }, layer by layer
flow-epoch = epoch { $epoch }
flow-mean = mean
flow-deviation = deviation
flow-dead = { $share } dead
flow-saturated = { $share } saturated
flow-weights = ‖w‖
flow-weight-gradient = ‖dL/dw‖
flow-chart = gradient of each layer's output (root mean square)

origin-title = Where was it born? The first number that is not finite
origin-forward = Forward: [{ $op }] { $label } is { $value }, made from { $operands }.
origin-given = Given: { $label } is { $value } to begin with.
origin-backward = Backward: every value is finite, but the derivative of [{ $op }] { $label } is not, at { $operands }.
origin-input = the input `{ $name }` holds { $value } already
origin-parameter = the parameter `{ $name }` holds { $value } already
origin-state = the optimizer's { $name } holds { $value } already
origin-first = the first node with { $value } is node { $node }, { $what }, of shape { $shape }
origin-of = the operation `{ $op }`
origin-of-in = the operation `{ $op }` in `{ $layer }`
origin-of-gradient = the operation `{ $op }` in the gradient of `{ $gate }`
origin-of-gradient-in = the operation `{ $op }` in the gradient of `{ $gate }` in `{ $layer }`
origin-made = made from { $operands }
origin-row = row { $row } of the data (from 0)
remedy-ln = ln takes numbers above 0: keep its operand away from 0, as in ln(max(x, 1e-12)).
remedy-ln-negative = ln takes numbers above 0, and this one is below: is its sign right? ln(abs(x)) takes the size alone.
remedy-softmax-loss = ln of a softmax loses small probabilities: take the cross-entropy of the logits, cross_entropy(x, t), or log_softmax(x).
remedy-softplus = ln of a sigmoid loses small probabilities: ln(sigmoid(x)) is -softplus(-x).
remedy-sqrt = The slope of sqrt is infinite at 0: add a little, as in sqrt(x + 1e-12).
remedy-sqrt-negative = sqrt takes no numbers below 0: is the sign right? sqrt(max(x, 0)) cuts them off, sqrt(abs(x)) takes the size alone.
remedy-div = This divides by 0 or almost 0: add a little to the divisor, or test it first, as in select(y != 0, x / y, 0).
remedy-pow-negative = A negative number has only whole powers: use abs or max on the base, or a whole exponent.
remedy-pow-zero = 0 has no negative power: add a little to the base.
remedy-pow-slope = The slope of a power below 1 is infinite at 0: add a little to the base, as in (x + 1e-12)^p.
remedy-pow-large = The power is too large for a number: scale the base, or take its logarithm.
remedy-exp = The exponential overflows: subtract the largest operand first, as softmax does, or use softplus or log_softmax.
remedy-asin = asin and acos take numbers from -1 to 1 alone.
remedy-asin-slope = The slope of asin and acos is infinite at -1 and 1: keep the operand between.
remedy-large = The numbers have grown too large: take smaller steps: in a training, by a smaller learning rate (--lr) or clip_norm; and scale inputs that are large.
remedy-data = Mend the data.
remedy-domain = { $op } has no finite value or slope there: keep its operands away from that place.

lint-warning = warning
lint-fine = ok
lint-inputs = The inputs `{ $name }` go from { $low } to { $high }.
lint-inputs-named = The inputs, as the network takes them, go from { $low } (`{ $lowest }`) to { $high } (`{ $highest }`).
lint-inputs-advice = Scale them to about 1, or the gradients of the first layer explode.
lint-classes = In the training part the classes of `{ $name }` have { $least } to { $most } examples.
lint-classes-unnamed = In the training part the classes have { $least } to { $most } examples.
lint-classes-advice = Accuracy hides the rare ones: look at the confusion.
lint-rows = { $repeated } of the { $all } rows repeat others.
lint-rows-advice = Held-out rows that repeat those of training are no test: keep each row once.
lint-leak = { $share } % of the variance of column { $column } of `{ $name }` lies between the classes.
lint-leak-named = { $share } % of the variance of `{ $column }` lies between the classes.
lint-leak-advice = It gives the target away: would it be known in use?
lint-softmax-once = The loss takes the logits as they are: one softmax, its own.
lint-softmax-twice = { $layer } stands before softmax-with-loss, which takes the softmax itself: with probabilities for logits the loss of { $classes } classes cannot fall below { $least }. Leave { $layer } out.
lint-lr-flat = The learning rate is { $lr }; the loss has no upward curvature here.
lint-lr-below = The learning rate { $lr } is below 2/λmax = { $limit }.
lint-lr-beyond = The learning rate { $lr } is beyond 2/λmax = { $limit }: steps along the steepest valley climb its other side.
lint-idle-units = { $share } % of { $layer }'s units pass no gradient, on average.
lint-idle-units-advice = Try smaller weights, a smaller learning rate or another activation.
lint-gradient-flow = The gradient at { $first } is { $factor } times that at { $last } (root mean square).
lint-gradient-flow-advice = Try another initialiser or activation, normalisation, or a residual connection.
lint-every-gradient = Every parameter that is trained gets a gradient.
lint-no-gradient = No loss gives a gradient to { $names }.
lint-no-gradient-advice = Is it left out of the losses, behind a value that passes none, or within units that are all off?

importance-title = { $score } { $value } on { $about }
importance-accuracy = accuracy
importance-falls = how far it falls when a column is shuffled
importance-rises = how far it rises when a column is shuffled
importance-shuffles = (mean and spread of { $count } shuffles):
importance-column = column
importance-fall = fall
importance-rise = rise
importance-when = { $change } when shuffled
importance-spread = spread
importance-gradient = |gradient × value|
importance-nothing = { $count } within two spreads of no { $change } at all
importance-hidden = { $count } columns of a smaller { $change } are left out: --json tells all
importance-others = { $count } columns of the least |gradient × value| were not shuffled
asked-row = { $count } row
asked-rows = { $count } rows
asked-all = { $rows } of { $data }
asked-some = { $count } of the { $rows } of { $data }
asked-data = the data
asked-train = the training part, which it has learnt from
asked-validation = the validation part
asked-test = the test part
effect-title = { $what } by `{ $column }`, over { $about }
effect-probability = mean probability
effect-prediction = mean prediction
effect-others = the { $most } most frequent categories; { $count } others are left out
effect-classes = and { $count } more classes: --json tells all
effect-targets = and { $count } more targets: --json tells all
effect-gap = without a value
