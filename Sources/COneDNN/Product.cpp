#include <cstdio>

#include "COneDNN.h"
#include "Reorder.h"

// c [m, n] = a [m, k] · b [k, n] + beta · c, with a and b rounded to bf16 and sums in float32.
struct jd_product {
    memory::desc left, right, result, scratchpad;
    std::optional<change> changeLeft, changeRight;
    matmul operation;
    size_t atRight = 0, atScratch = 0, workspace = 0;

    explicit jd_product(const jd_product_shape &s) {
        const auto f32 = memory::data_type::f32, bf16 = memory::data_type::bf16;
        dims leftDims{s.m, s.k}, rightDims{s.k, s.n};
        memory::desc ourLeft(leftDims, f32, s.transposeA ? format::ba : format::ab);
        memory::desc ourRight(rightDims, f32, s.transposeB ? format::ba : format::ab);
        result = memory::desc({s.m, s.n}, f32, format::ab);
        primitive_attr attributes;
        attributes.set_scratchpad_mode(scratchpad_mode::user);
        post_ops after;
        if (s.beta != 0) after.append_sum(s.beta);
        attributes.set_post_ops(after);
        matmul::desc wanted(memory::desc(leftDims, bf16, format::any), memory::desc(rightDims, bf16, format::any), result);
        matmul::primitive_desc chosen(wanted, attributes, cpu());
        left = chosen.src_desc(), right = chosen.weights_desc(), scratchpad = chosen.scratchpad_desc();
        operation = matmul(chosen);
        changeLeft = change::between(ourLeft, left);
        changeRight = change::between(ourRight, right);
        atRight = floats(left);
        atScratch = atRight + floats(right);
        workspace = atScratch + std::max(floats(scratchpad), std::max(floats(changeLeft), floats(changeRight)));
    }
};

extern "C" {

jd_product *jd_create_product(jd_product_shape shape, char *message, size_t capacity) {
    try {
        std::lock_guard<std::mutex> alone(jd_generating);
        return new jd_product(shape);
    } catch (const std::exception &e) {
        std::snprintf(message, capacity, "%s", e.what());
        return nullptr;
    }
}

void jd_destroy_product(jd_product *p) { delete p; }
size_t jd_product_workspace(const jd_product *p) { return p->workspace; }

const char *jd_run_product(const jd_product *p, const float *a, const float *b, float *c, float *workspace) {
    return guarded([&](stream &s) {
        float *left = workspace, *right = workspace + p->atRight, *scratch = workspace + p->atScratch;
        // float32 never has bf16's layout: both are always changed.
        p->changeLeft->run(s, a, left, scratch);
        p->changeRight->run(s, b, right, scratch);
        p->operation.execute(s, {{DNNL_ARG_SRC, memory(p->left, cpu(), left)},
                                 {DNNL_ARG_WEIGHTS, memory(p->right, cpu(), right)},
                                 {DNNL_ARG_DST, memory(p->result, cpu(), c)},
                                 {DNNL_ARG_SCRATCHPAD, memory(p->scratchpad, cpu(), scratch)}});
    });
}
}
