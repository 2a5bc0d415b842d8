# 설명에 쓰는 말, 한국어.
# f는 식의 결과, L은 그 위에 놓인 손실, d{ $root }/d·는 기울기이다.

heading-at = 값: { $values }
heading-loss = 손실 { $loss } = ½·({ $output } − 목표)² = { $numbers }
heading-cross-entropy = 손실 { $loss } = −Σ T·ln softmax({ $output }) = { $numbers }

drawing-title = 계산 그래프: 결과에서 입력으로 내려가며
drawing-legend = (값은 위로 계산되고, d{ $root }/d·는 아래로 전해진다)
drawing-norms = (들어가지 않는 배열: 모양과 ‖노름‖ √Σx²)
see-above = (위 참고)
more-nodes = … 노드가 더 있음: --format json

forward-title = 순전파, 게이트마다: 받는 값에서 나오는 값
forward-legend = (수가 열둘이 넘는 배열: 모양과 ‖노름‖ √Σx², 그 아래에 범위와 첫 행들)
extreme-small = d{ $root }/d{ $name }는 왜 이렇게 작은가? 주된 경로의 국소 미분을 곱한다
extreme-large = d{ $root }/d{ $name }는 왜 이렇게 큰가? 주된 경로의 국소 미분을 곱한다
extreme-shrinks = { $product }: { $of }개의 인수 가운데 { $count }개가 1보다 작다.
extreme-grows = { $product }: { $of }개의 인수 가운데 { $count }개가 1보다 크다.
extreme-most = 가장 큰 몫은 { $gate }의 { $factor }이다.
backward-title = 역전파, 게이트마다: 상류 기울기 × 국소 미분 = 기울기
backward-own = ({ $own }: 게이트 자신의 값)
backward-takes = ({ $takes }: 게이트가 받는 값, 여럿이면 차례로 { $takes }1, { $takes }2 …)
backward-places = ({ $own }: 게이트 자신의 값, { $takes }: 받는 값, 여럿이면 차례로 { $takes }1, { $takes }2 …)
local = 국소 미분: { $formula }
sum-rule = 항마다 d{ $root }/d{ $sum } = { $upstream }를 그대로 받는다. 곱에서는 한 인수가 거기에 다른 인수를 곱한 값을 받는다.
sum-products = 곱 { $count }개
to = { $operand } 쪽:
rule-own = { $op } 연산의 규칙을 { $up }에 적용
rule-sum-all = { $up }의 합
rule-column-sums = { $up }의 열 합
rule-row-sums = { $up }의 행 합
rule-sum-repeats = { $up } 값을 반복된 축에 대해 더한 것
rule-reshape = 모양을 바꾼 { $up }
rule-spread = { $up } 값을 모든 항에
rule-largest = { $up } 값을 가장 큰 원소에
rule-moves = { $up } 값을 원소가 간 자리에

sheet-exercise = 연습 문제
sheet-solution = 정답
sheet-blanks = 빈칸을 채우시오. 뒤에 나오는 #1: 빈칸 #1에서 구한 수.
sheet-answers = 답은 빈칸의 번호 뒤에 있다.
sheet-answers-rounded = 유효 숫자 { $digits }자리이며, 반올림 전의 수로 계산했다.
sheet-rounded = 유효 숫자 { $digits }자리로 쓰되, 반올림 전의 수로 계산한다.
sheet-backward = 역전파: 상류 기울기 × 국소 미분 = 기울기
sheet-gradients = 기울기
sheet-seed = 시드 { $seed }
topic-chain-rule = 연쇄 법칙
topic-sigmoid = 시그모이드
topic-softmax = 소프트맥스와 교차 엔트로피
topic-matrix = 행렬 곱

note-saturated = { $of }개 가운데 { $count }개({ $share })가 포화 상태이다: 곡선이 평평해서 기울기가 거의 전해지지 않는다.
note-saturated-one = 포화 상태이다: 곡선이 평평해서 기울기가 거의 전해지지 않는다.
note-off = { $of }개 가운데 { $count }개({ $share })가 꺼져 있다: 입력이 0보다 크지 않아 기울기가 전해지지 않는다.
note-off-one = 꺼져 있다: 입력이 0보다 크지 않아 기울기가 전해지지 않는다.
note-off-which = 꺼진 것: { $which }
note-not-taken = 여기에는 기울기가 오지 않는다. 선택되지 않은 갈래이므로, 아래의 기울기가 무엇이든 0은 0으로 남는다.
note-stays-zero = 결과가 여기서는 이 값에 좌우되지 않아 0이 오며, 기울기가 무엇이든 0으로 남는다.
note-power-of-zero = 밑이 0인 곳에서 지수에 대한 기울기는 0으로 둔다.
note-blocked = 선택되지 않은 갈래이다. 오는 값이 유한하지 않아도 아무것도 지나가지 않는다.
note-corner = 꺾인 점이라 여러 기울기가 맞는다. 약속에 따라 0에서 { $op }의 기울기는 0이다.
note-tie = 같은 값이다. 약속에 따라 기울기를 똑같이 나눈다.
note-loss = 왜 y − t인가: 손실의 로그가 소프트맥스의 지수를 되돌려, 예측 y에서 목표 t를 뺀 것만 남는다.
note-loss-weights = 목표의 합이 1이 아니다: −Σ t·ln softmax(x)의 미분은 이때 Σt · softmax(x) − t이다.
note-loss-batch = 이는 첫 행의 수이다. 손실은 { $count }개 행의 평균이므로 각 행의 기울기를 { $count }(으)로 나눈다.
note-loss-numbers = y = { $y }, t = { $t }, y − t = { $difference }

ledger-title = 누가 무엇을 원하는가: 여러 곳에서 쓰인 값은 d{ $root }/d·를 모두 더한다
ledger-node = { $name }: d{ $root }/d· = { $total }
ledger-from = { $gate }에서
ledger-one = 그 가운데 하나만 기울기를 보낸다.
ledger-agree = 모두 같은 쪽으로 당긴다. 상쇄되는 것이 없다.
ledger-cancel = { $lost }가 상쇄된다: |Σ| / Σ|·| = { $ratio }.
more = … 그리고 { $count }개 더

partials-title = 결과의 편미분
where = 여기서 { $name } = { $formula }
hessian-title = 결과의 2계 미분

paths-title = { $root }에서 { $name }까지의 경로(모두 { $count }개): 경로를 따라 국소 미분을 곱한다
paths-title-arrays = { $root }에서 { $name }까지의 경로(모두 { $count }개): 게이트마다 기울기의 노름이 몇 배가 되는지
paths-rest-arrays = 나머지 { $count }개의 경로는 기울기의 { $sum } 부분을 이룬다.
paths-sum-arrays = 모든 경로의 합: ‖d{ $root }/d{ $name }‖ = { $sum }. 경로의 몫은 이 기울기에서 그 경로가 이루는 부분이다.
paths-rest = 나머지 { $count }개의 경로의 합: { $sum }.
paths-sum = 모든 경로의 합: d{ $root }/d{ $name } = { $sum }.
paths-times = { $count }번

what-if-title = 만약 바꾼다면? { $root }의 변화와 미분의 예측
what-if-others = 나머지 { $count }개는 기울기 × 값으로 보아 덜 중요하다: --nudge로 이름을 준다.
change = 변화
f-then = 그때 { $output }
l-then = 그때 { $loss }
true-change = 실제
by-gradient = 기울기
by-curvature = + 곡률
verdict-linear = 기울기만으로 정확하다.
verdict-linear-rounded = 기울기만으로 맞는다. 다만 결과의 반올림이 이렇게 작은 변화의 { $hidden } 만큼을 가린다.
verdict-quadratic-rounded = 기울기만으로는 { $first } 빗나가고, 곡률까지 쓰면 맞는다. 다만 결과의 반올림이 이렇게 작은 변화의 { $hidden } 만큼을 가린다.
verdict-quadratic = 기울기만으로는 { $first } 빗나가고, 곡률까지 쓰면 정확하다.
verdict-better = 기울기만으로는 { $first }, 곡률까지 쓰면 { $second } 빗나간다.
verdict-worse = 기울기만으로는 { $first }, 곡률까지 써도 { $second } 빗나간다: 둘 다 쓰기에는 변화가 너무 크다.
verdict-corner = 꺾인 점이다. { $low }에서 { $high } 사이의 어느 기울기나 맞는다. 여기서 쓰는 값: { $taken }.
verdict-corner-array = 꺾인 점이다. 여러 기울기가 맞으며, 그 가운데 하나를 쓴다.
verdict-jump = 값이 단번에 뛰는 점이다. 어떤 기울기도 이를 말해 주지 못한다.
verdict-crosses-corner = { $place }에 꺾인 점이 있어, 그 너머의 기울기는 다르다.
verdict-crosses-jump = { $place }에서 값이 단번에 뛴다. 어떤 기울기도 이를 말해 주지 못한다.
verdict-flat = 여기서는 기울기와 곡률이 0이다. 변화는 더 높은 차수에서 온다.
verdict-steep = 여기서는 기울기가 무한하다.
verdict-drowned = 결과의 반올림이 이렇게 작은 변화를 삼킨다.
verdict-no-change = 실제로는 아무것도 변하지 않는다.
verdict-not-finite = 유한하지 않은 수가 있다.

goals-title = 무엇이 { $root } 값을 { $goal }(으)로 만들까? 하나만 바꾸고 나머지는 그대로
goal-by-rounding = → { $f } 값이 자릿수 안에서 구별되지 않을 만큼 가까워질 뿐, 그 값이 되지는 않는다.
goal-flat = { $name }: 여기서는 바꾸어도 아무것도 달라지지 않는다
goals-others = 나머지 { $count }개는 기울기 × 값으로 보아 덜 중요하다: --wrt로 이름을 준다.
goal-none = { $name }: { $low }에서 { $high }까지에서는 찾지 못함

ranking-title = 어떤 변수가 중요한가? d{ $root }/d·는 단위에 따라 다르지만 기울기 × 값은 그렇지 않다
rank-name = 기울기 순서
rank-gradient = 기울기
rank-value = 값
rank-effect = 기울기 × 값
ranking-same = 기울기는 서로 다르지만 어느 것을 1 % 늘려도 효과는 같다: 기울기 × 값이 모두 같다.
ranking-most = 같은 비율이라면 { $names } 쪽이 가장 중요하다: 기울기 × 값은 100 % 늘릴 때의 1차 효과이다.

descent-title = 어느 쪽으로 움직일까? 기울기의 반대쪽으로, 학습률 { $lr }
step = 단계
descent-every = { $every }걸음마다 하나를 보인다.
descent-still = { $step }단계부터는 이 수들이 그대로다.
descent-change = 첫 단계에서 { $change }만큼 변한다. 기울기의 예측: { $predicted }.
descent-still-here = 여기서 기울기가 0이어서 어느 걸음도 움직이지 않는다.
descent-limit = 곡률이 어디서나 여기와 같다면 학습률 { $bottom }에서 골짜기 바닥으로 바로 가고, { $limit } 너머에서는 반대쪽을 오른다.
descent-beyond = 학습률 { $lr }: 한계 { $limit } 너머여서 한 단계가 골짜기 반대쪽을 오른다.
descent-diverged = 발산한다: 학습률 { $lr }: 너무 크다.

sweep-title = { $name }에 따른 { $root }: * 곡선, · 접선, o 접점

picture-title = { $expression }의 계산 그래프: 값은 앞으로, 기울기는 뒤로
picture-loss = ½·({ $output } − 목표)²
picture-target = 목표 = { $target }
picture-others = … 그 밖의 게이트 { $count }개
picture-others-tip = 여기에 그린 것보다 결과에서 먼 부분
picture-values = 값, 순전파 →
picture-gradients = ← 기울기 d{ $root }/d·, 역전파
picture-gradients-sums = ← 기울기 d{ $root }/d·, 역전파. Σ: 여러 쓰임의 합

latex-title = 연쇄 법칙, 한 단계씩
latex-forward = 순전파: 모든 값
latex-backward = 역전파: 모든 국소 미분과 전해지는 것
latex-shared = 여러 번 쓰인 값: 쓰임마다의 기울기와 그 합
latex-variables = 변수마다의 연쇄 법칙

language = ko
page-left-out = 문서가 커서 그림에 없는 노드 { $nodes }개와 영향이 작은 입력 { $inputs }개는 담지 않았습니다.
page-inputs = 입력을 안다. 앞으로 가며 게이트를 하나씩 계산하고, 이어서 기울기를 되돌려 보낸다.
page-forward = 순전파: { $op } 게이트가 값을 계산한다.
page-forward-box = 순전파: 상자 { $name } 안에서 게이트가 차례로 값을 계산한다.
page-forward-sum = 순전파: 곱을 모두 더한다.
page-seed = 역전파의 시작: { $root } 자신에 대한 미분은 1이다.
page-backward = 역전파: { $op } 게이트가 들어온 기울기에 국소 미분을 곱한다.
page-backward-box = 역전파: 상자 { $name } 안을 게이트마다 거슬러 간다.

network-right = 클래스 { $predicted }, 맞음, 확률 { $certain }; 손실 { $loss }
network-wrong = 클래스 { $predicted }, 확률 { $certain }, 그러나 실제는 { $label }; 손실 { $loss }
network-no-answer = 클래스 없음: 출력에 수가 아닌 것이 있다. 실제는 { $label }; 손실 { $loss }
network-values = 예측은 { $predicted }, 정답은 { $wanted }; 손실 { $loss }
network-features = 손실이 가장 많이 좌우되는 특성, 신경망이 보는 값으로
network-feature = 특성
network-layers = 층마다: 앞으로 가는 것과 되돌아오는 기울기
network-layer = 층
network-output = ‖출력‖
network-range = 범위
network-gradient = ‖기울기‖
network-idle = 쉬는 유닛
network-off = { $count }개 꺼짐 ({ $share })
network-saturated = { $count }개 포화 ({ $share })
network-ledger = 누가 무엇을 원하는가: 여러 층이나 가지가 쓰는 값은 dL/d·를 모두 더한다
network-ledger-node = { $name }: ‖dL/d·‖ = { $total }
network-parameters = 가중치와 편향이 받는 것: 층의 출력의 기울기 dY에서
network-rule = 규칙
network-weights = 이 손실에 가장 중요한 가중치: 기울기 × 값
network-weight = 가중치
network-saliency = 입력과, 손실이 의존하는 곳: 각 특징의 |dL/d·|
network-example = 클래스 { $label }
network-legend = 주황: 늘리면 손실이 커진다; 파랑: 작아진다

step-title = { $step }번째 스텝, 에폭 { $epoch }의 { $at }번째 스텝: 학습률 { $rate }; 배치의 예제 { $count }개의 손실은 { $loss }
step-other-data = 실제로 실행된 단계가 아니다: 그 뒤로 데이터가 바뀌었다.
step-objective = 목표 `{ $name }`의 차례를 설명한다.
step-examples = 배치의 예제들, 그리고 손실과 기울기와 갱신에서 차지하는 몫
step-row = 행
step-target = 정답
step-predicted = 예측
step-loss = 손실
step-of-loss = 손실의 몫
step-of-gradient = 기울기의 몫
step-of-update = 갱신의 몫
step-others = 나머지 { $count }개
step-movements = 가중치는 얼마나 움직였나
step-all = 전체
step-weight = ‖가중치‖
step-update = ‖갱신‖
step-ratio = 갱신/가중치
step-parts = 무엇이 움직였나
step-part-batch = 이 배치
step-part-earlier = 앞선 배치
step-part-clipping = 클리핑
step-part-momentum = 모멘텀
step-part-decay = 가중치 감쇠
step-part-rounding = 반올림
step-note = 몫은 사영이다: 전체의 방향으로 각 부분이 보태는 양. 모두 더하면 100 %이고, 0보다 작으면 반대쪽으로 당긴다.
step-no-update = 이 스텝은 기울기를 다음 배치들의 기울기에 더하기만 한다; 아직 아무것도 움직이지 않는다.

flow-title = 기울기의 흐름, 늘 같은 예제 { $count }개에서
flow-gradients = 각 층의 출력의 기울기 (제곱평균제곱근), 에폭별
flow-vanishes = 에폭 { $epoch }에서 기울기는 { $last }보다 { $first }에서 { $factor }배 작다: 거슬러 오는 동안 사라진다.
flow-explodes = 에폭 { $epoch }에서 기울기는 { $last }보다 { $first }에서 { $factor }배 크다: 거슬러 오는 동안 폭발한다.
flow-passes = 에폭 { $epoch }에서 { $first }의 기울기는 { $last }의 { $factor }배이다: 잘 전해진다.
flow-layers = 에폭 { $epoch }, 층별
flow-epoch = 에폭 { $epoch }
flow-mean = 평균
flow-deviation = 표준편차
flow-dead = { $share } 꺼짐
flow-saturated = { $share } 포화
flow-weights = ‖w‖
flow-weight-gradient = ‖dL/dw‖
flow-chart = 각 층의 출력의 기울기 (제곱평균제곱근)

origin-title = 어디에서 생겼나? 유한하지 않은 첫 번째 수
origin-forward = 순전파: [{ $op }] { $label } 값이 { $value }, 재료는 { $operands }.
origin-given = 처음부터: { $label } 값이 { $value }.
origin-backward = 역전파: 값은 모두 유한하지만 [{ $op }] { $label } 게이트의 미분이 그렇지 않다. 그때 { $operands }.
origin-input = 입력 `{ $name }` 값에 이미 { $value }
origin-parameter = 매개변수 `{ $name }` 값에 이미 { $value }
origin-state = 옵티마이저의 { $name } 값에 이미 { $value }
origin-first = { $value } 값이 처음 생긴 노드는 { $node }번, { $what }, 모양 { $shape }
origin-of = 연산 `{ $op }`
origin-of-in = `{ $layer }` 안의 연산 `{ $op }`
origin-of-gradient = 게이트 `{ $gate }`의 기울기에 있는 연산 `{ $op }`
origin-of-gradient-in = `{ $layer }` 안의 게이트 `{ $gate }`의 기울기에 있는 연산 `{ $op }`
origin-made = 재료는 { $operands }
origin-row = 데이터의 { $row }번 행(0부터)
remedy-ln = ln은 0보다 큰 수만 받는다: ln(max(x, 1e-12))처럼 0에서 떨어뜨린다.
remedy-ln-negative = ln은 0보다 큰 수만 받는데, 이 수는 0보다 작다. 부호가 맞는가? ln(abs(x))는 크기만 본다.
remedy-softmax-loss = softmax에 ln을 씌우면 작은 확률을 잃는다: 로짓의 교차 엔트로피 cross_entropy(x, t)나 log_softmax(x)를 쓴다.
remedy-softplus = sigmoid에 ln을 씌우면 작은 확률을 잃는다: ln(sigmoid(x))는 -softplus(-x)와 같다.
remedy-sqrt = sqrt의 기울기는 0에서 무한하다: sqrt(x + 1e-12)처럼 조금 더한다.
remedy-sqrt-negative = sqrt는 0보다 작은 수를 받지 않는다. 부호가 맞는가? sqrt(max(x, 0))은 잘라 내고, sqrt(abs(x))는 크기만 본다.
remedy-div = 0이나 거의 0으로 나눈다: 나누는 수에 조금 더하거나 먼저 select로 살핀다.
remedy-pow-negative = 음수는 정수 거듭제곱만 갖는다: 밑에 abs나 max를 쓰거나 지수를 정수로 한다.
remedy-pow-zero = 0에는 음수 거듭제곱이 없다: 밑에 조금 더한다.
remedy-pow-slope = 1보다 작은 거듭제곱의 기울기는 0에서 무한하다: (x + 1e-12)^p처럼 밑에 조금 더한다.
remedy-pow-large = 거듭제곱이 수의 범위를 넘는다: 밑을 줄이거나 로그를 쓴다.
remedy-exp = 지수 함수가 넘친다: softmax처럼 가장 큰 값을 먼저 빼거나 softplus, log_softmax를 쓴다.
remedy-asin = asin과 acos는 -1에서 1까지만 받는다.
remedy-asin-slope = asin과 acos의 기울기는 -1과 1에서 무한하다: 그 사이에 둔다.
remedy-large = 수가 너무 커졌다: 더 작은 걸음을 쓴다. 학습에서는 학습률(--lr)을 줄이거나 clip_norm을 쓰고, 큰 입력은 크기를 맞춘다.
remedy-data = 데이터를 고친다.
remedy-domain = { $op } 연산은 거기에서 값이나 기울기가 유한하지 않다: 피연산자를 그 자리에서 떨어뜨린다.

lint-warning = 주의
lint-fine = 정상
lint-inputs = 입력 `{ $name }`의 범위는 { $low }에서 { $high }까지이다.
lint-inputs-named = 신경망이 받는 입력의 범위는 { $low }(`{ $lowest }`)에서 { $high }(`{ $highest }`)까지이다.
lint-inputs-advice = 1 정도의 크기로 맞춘다. 그러지 않으면 첫 층의 기울기가 폭발한다.
lint-classes = 학습 데이터에는 `{ $name }`의 클래스마다 예제가 { $least }개에서 { $most }개까지 있다.
lint-classes-unnamed = 학습 데이터에는 클래스마다 예제가 { $least }개에서 { $most }개까지 있다.
lint-classes-advice = 정확도는 드문 클래스를 가린다: 혼동 행렬을 본다.
lint-rows = { $all }개의 행 가운데 { $repeated }개가 다른 행과 같다.
lint-rows-advice = 학습한 행과 같은 행으로는 시험할 수 없다: 행마다 하나만 남긴다.
lint-leak = `{ $name }`의 { $column }번 열의 분산 가운데 { $share } %가 클래스 사이에 있다.
lint-leak-named = `{ $column }` 열의 분산 가운데 { $share } %가 클래스 사이에 있다.
lint-leak-advice = 정답을 미리 알려 주는 열이다: 실제로 쓸 때에도 알 수 있는 값인가?
lint-softmax-once = 손실이 로짓을 그대로 받는다: 소프트맥스는 손실 안의 것 하나뿐이다.
lint-softmax-twice = { $layer } 층이 softmax-with-loss 앞에 있는데, 이 손실은 스스로 소프트맥스를 취한다: 확률을 로짓으로 쓰면 클래스가 { $classes }개일 때 손실이 { $least } 아래로 내려가지 못한다. { $layer } 층을 뺀다.
lint-lr-flat = 학습률은 { $lr }이다. 여기에서 손실에는 위로 굽은 방향이 없다.
lint-lr-below = 학습률 { $lr }: 2/λmax = { $limit }보다 작다.
lint-lr-beyond = 학습률 { $lr }: 2/λmax = { $limit } 너머이다. 가장 가파른 골짜기에서 한 걸음이 반대쪽을 오른다.
lint-idle-units = { $layer } 층에서는 평균 { $share } %의 유닛이 기울기를 전하지 않는다.
lint-idle-units-advice = 더 작은 가중치나 더 작은 학습률, 또는 다른 활성화 함수를 써 본다.
lint-gradient-flow = { $first } 층의 기울기는 { $last } 층의 { $factor }배이다 (제곱평균제곱근).
lint-gradient-flow-advice = 다른 초기화나 활성화 함수, 정규화, 또는 잔차 연결을 써 본다.
lint-every-gradient = 학습하는 매개변수가 모두 기울기를 받는다.
lint-no-gradient = 어느 손실도 다음에 기울기를 주지 않는다: { $names }.
lint-no-gradient-advice = 손실에서 빠졌는지, 기울기를 막는 값 뒤에 있는지, 모두 꺼진 유닛 안에 있는지 본다.

importance-title = { $about }에서 { $score } { $value }
importance-accuracy = 정확도
importance-falls = 열 하나를 섞을 때 낮아지는 정도
importance-rises = 열 하나를 섞을 때 높아지는 정도
importance-shuffles = ({ $count }번 섞은 평균과 표준편차):
importance-column = 열
importance-fall = 하락
importance-rise = 상승
importance-when = 섞을 때의 { $change }
importance-spread = 표준편차
importance-gradient = |기울기 × 값|
importance-nothing = { $count }개 열의 { $change } 값은 0에서 표준편차의 두 배 안에 있다
importance-hidden = { $change } 값이 더 작은 열 { $count }개는 생략했다: --json은 모두 알려 준다
importance-others = |기울기 × 값|이 가장 작은 열 { $count }개는 섞지 않았다
asked-row = 행 { $count }개
asked-rows = 행 { $count }개
asked-all = { $data }의 { $rows }
asked-some = { $data }의 { $rows } 가운데 { $count }개
asked-data = 데이터
asked-train = 이미 학습한 학습 데이터
asked-validation = 검증 데이터
asked-test = 테스트 데이터
effect-title = `{ $column }` 값에 따른 { $what }, { $about }에서
effect-probability = 평균 확률
effect-prediction = 평균 예측값
effect-others = 가장 잦은 범주 { $most }개; 다른 범주 { $count }개는 생략했다
effect-classes = 클래스가 { $count }개 더 있다: --json은 모두 알려 준다
effect-targets = 목표가 { $count }개 더 있다: --json은 모두 알려 준다
effect-gap = 값 없음
