#include "COneDNN.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "Reorder.h"

namespace {

format tag(int block, int channels) {
    if (block == 1) return format::nchw;
    if (block == channels) return format::nhwc;
    if (block == 4) return format::aBcd4b;
    if (block == 8) return format::aBcd8b;
    if (block == 16) return format::aBcd16b;
    return format::undef;
}

// FNV-1a over what tells two weight layouts apart.
uint64_t key(const memory::desc &description) {
    uint64_t hash = 0xcbf29ce484222325;
    auto mix = [&](int64_t value) { hash = (hash ^ (uint64_t)value) * 0x100000001b3; };
    const auto &d = description.data;
    const auto &b = d.format_desc.blocking;
    mix(d.ndims), mix(d.data_type);
    for (int i = 0; i < d.ndims; i++) mix(d.dims[i]), mix(d.padded_dims[i]), mix(b.strides[i]);
    for (int i = 0; i < b.inner_nblks; i++) mix(b.inner_blks[i]), mix(b.inner_idxs[i]);
    mix((int64_t)d.extra.flags);
    return hash;
}

}  // namespace

struct jd_convolution {
    jd_shape shape;
    jd_pass pass;
    primitive operation;
    // What the operation works on: input and output (or their gradients) in its own layouts.
    memory::desc input, output, weights, bias, scratchpad;
    std::string implementation;
    std::optional<change> changeInput, changeOutput, changeWeights;
    size_t atInput = 0, atOutput = 0, atWeights = 0, atScratch = 0, workspace = 0;

    jd_convolution(const jd_shape &s, jd_pass pass) : shape(s), pass(pass) {
        dims strides{s.stride, s.stride}, padding{s.padding, s.padding};
        int outHeight = (s.height + 2 * s.padding - s.kernelHeight) / s.stride + 1;
        int outWidth = (s.width + 2 * s.padding - s.kernelWidth) / s.stride + 1;
        dims inputDims{s.images, s.channels, s.height, s.width};
        dims outputDims{s.images, s.outputs, outHeight, outWidth};
        bool grouped = s.groups > 1;
        dims weightDims = grouped ? dims{s.groups, s.outputs / s.groups, s.channels / s.groups, s.kernelHeight, s.kernelWidth}
                                  : dims{s.outputs, s.channels, s.kernelHeight, s.kernelWidth};
        const auto f32 = memory::data_type::f32;
        auto inputTag = tag(s.inputBlock, s.channels), outputTag = tag(s.outputBlock, s.outputs);
        if (inputTag == format::undef || outputTag == format::undef) throw std::runtime_error("no such block");
        memory::desc ourInput(inputDims, f32, inputTag), ourOutput(outputDims, f32, outputTag);
        memory::desc ourWeights(weightDims, f32, grouped ? format::goihw : format::oihw);
        // In bf16 what is multiplied is rounded by the reorders below; sums and results stay float32.
        const auto bf16 = s.bf16 ? memory::data_type::bf16 : f32;
        const auto inputType = pass == jd_backward_data ? f32 : bf16;
        const auto outputType = pass == jd_forward ? f32 : bf16;
        const auto weightType = pass == jd_backward_weights ? f32 : bf16;
        memory::desc takenInput(inputDims, inputType, inputTag), takenOutput(outputDims, outputType, outputTag);
        memory::desc anyInput(inputDims, inputType, format::any), anyOutput(outputDims, outputType, format::any);
        memory::desc anyWeights(weightDims, weightType, format::any), biasDesc({s.outputs}, f32, format::x);
        bias = biasDesc;

        primitive_attr attributes, plainAttributes;
        attributes.set_scratchpad_mode(scratchpad_mode::user);
        plainAttributes.set_scratchpad_mode(scratchpad_mode::user);
        post_ops after;
        if (s.residual) after.append_binary(algorithm::binary_add, ourOutput);
        if (s.relu) after.append_eltwise(1.0f, algorithm::eltwise_relu, 0, 0);
        attributes.set_post_ops(after);

        // Our layouts as they are where a fast implementation takes them; else let it choose, and reorder.
        // AMX takes bf16 images in an order of its own only, and operands are reordered for bf16 anyway: there its choice
        // comes first, and the residual, which lies in our layout, is left to the caller.
        const bool amx = s.bf16 && get_effective_cpu_isa() == cpu_isa::avx512_core_amx;
        if (amx && s.residual) throw std::runtime_error("AMX's layout is not the residual's");
        bool found = false;
        for (int turn = 0; turn < 5 && !found; turn++) {
            int attempt = amx && turn < 4 ? (turn + 3) % 4 : turn;
            bool last = attempt == 4;
            // The residual lies in our layout.
            if (s.residual && attempt != 0 && attempt != 2) continue;
            const auto &in = last || attempt == 0 || attempt == 1 ? takenInput : anyInput;
            const auto &out = last || attempt == 0 || attempt == 2 ? takenOutput : anyOutput;
            try {
                auto describe = [&](prop_kind kind) {
                    return s.bias ? convolution_forward::desc(kind, algorithm::convolution_direct, in, anyWeights,
                                                              biasDesc, out, strides, padding, padding)
                                  : convolution_forward::desc(kind, algorithm::convolution_direct, in, anyWeights, out,
                                                              strides, padding, padding);
                };
                auto take = [&](const auto &chosen, const memory::desc &i, const memory::desc &w, const memory::desc &o) {
                    const char *name = chosen.impl_info_str();
                    if (!last && strncmp(name, "ref", 3) == 0) return false;
                    input = i, weights = w, output = o;
                    scratchpad = chosen.scratchpad_desc();
                    implementation = name;
                    return true;
                };
                if (pass == jd_forward) {
                    convolution_forward::primitive_desc chosen(describe(prop_kind::forward_training), attributes, cpu());
                    found = take(chosen, chosen.src_desc(), chosen.weights_desc(), chosen.dst_desc());
                    if (found) operation = convolution_forward(chosen);
                } else {
                    memory::desc hintInput(inputDims, bf16, format::any), hintWeights(weightDims, bf16, format::any);
                    memory::desc hintOutput(outputDims, bf16, format::any);
                    convolution_forward::desc forward(prop_kind::forward_training, algorithm::convolution_direct,
                                                      s.bf16 ? hintInput : in, s.bf16 ? hintWeights : anyWeights,
                                                      s.bf16 ? hintOutput : out, strides, padding, padding);
                    convolution_forward::primitive_desc hint(forward, plainAttributes, cpu());
                    if (pass == jd_backward_data) {
                        convolution_backward_data::desc wanted(algorithm::convolution_direct, in, anyWeights, out,
                                                               strides, padding, padding);
                        convolution_backward_data::primitive_desc chosen(wanted, plainAttributes, cpu(), hint);
                        found = take(chosen, chosen.diff_src_desc(), chosen.weights_desc(), chosen.diff_dst_desc());
                        if (found) operation = convolution_backward_data(chosen);
                    } else {
                        using backward = convolution_backward_weights;
                        auto wanted = s.bias ? backward::desc(algorithm::convolution_direct, in, anyWeights, biasDesc,
                                                              out, strides, padding, padding)
                                             : backward::desc(algorithm::convolution_direct, in, anyWeights, out,
                                                              strides, padding, padding);
                        backward::primitive_desc chosen(wanted, plainAttributes, cpu(), hint);
                        found = take(chosen, chosen.src_desc(), chosen.diff_weights_desc(), chosen.diff_dst_desc());
                        if (found) operation = backward(chosen);
                    }
                }
            } catch (const dnnl::error &) {
                if (last) throw;
            }
        }

        if (!found) throw std::runtime_error("no fast implementation adds the residual");
        switch (pass) {
            case jd_forward:
                changeInput = change::between(ourInput, input);
                changeOutput = change::between(output, ourOutput);
                changeWeights = change::between(ourWeights, weights);
                break;
            case jd_backward_data:
                changeInput = change::between(input, ourInput);
                changeOutput = change::between(ourOutput, output);
                changeWeights = change::between(ourWeights, weights);
                break;
            case jd_backward_weights:
                changeInput = change::between(ourInput, input);
                changeOutput = change::between(ourOutput, output);
                changeWeights = change::between(weights, ourWeights);
                break;
        }
        auto place = [&](bool wanted, size_t count) {
            size_t at = workspace;
            if (wanted) workspace += count;
            return at;
        };
        atInput = place(changeInput.has_value(), floats(input));
        atOutput = place(changeOutput.has_value(), floats(output));
        atWeights = place(changeWeights.has_value() && pass == jd_backward_weights, floats(weights));
        // The operation and the changes run one after the other.
        size_t scratch = floats(scratchpad);
        for (const auto *c : {&changeInput, &changeOutput, &changeWeights}) scratch = std::max(scratch, floats(*c));
        atScratch = place(true, scratch);
    }

    memory bound(const memory::desc &description, const float *data) const {
        return memory(description, cpu(), const_cast<float *>(data));
    }
};

extern "C" {

jd_convolution *jd_create(jd_shape shape, jd_pass pass, char *message, size_t capacity) {
    try {
        std::lock_guard<std::mutex> alone(jd_generating);
        return new jd_convolution(shape, pass);
    } catch (const std::exception &e) {
        std::snprintf(message, capacity, "%s", e.what());
        return nullptr;
    }
}

void jd_destroy(jd_convolution *c) { delete c; }

const char *jd_implementation(const jd_convolution *c) { return c->implementation.c_str(); }
int jd_reorders(const jd_convolution *c) { return c->changeInput.has_value() + c->changeOutput.has_value(); }
size_t jd_workspace(const jd_convolution *c) { return c->workspace; }
size_t jd_packed_weights(const jd_convolution *c) { return c->changeWeights ? floats(c->weights) : 0; }
uint64_t jd_packed_key(const jd_convolution *c) { return key(c->weights); }

const char *jd_pack(const jd_convolution *c, const float *weights, float *packed) {
    return guarded([&](stream &s) {
        std::unique_ptr<float[]> scratch(new float[floats(c->changeWeights) + 16]);
        c->changeWeights->run(s, weights, packed, scratch.get());
    });
}

const char *jd_run_forward(const jd_convolution *c, const float *input, const float *packed, const float *bias,
                           const float *residual, float *output, float *workspace) {
    return guarded([&](stream &s) {
        float *scratch = workspace + c->atScratch;
        float *in = workspace + c->atInput, *out = c->changeOutput ? workspace + c->atOutput : output;
        if (c->changeInput) c->changeInput->run(s, input, in, scratch);
        std::unordered_map<int, memory> arguments{
            {DNNL_ARG_SRC, c->bound(c->input, c->changeInput ? in : input)},
            {DNNL_ARG_WEIGHTS, c->bound(c->weights, packed)},
            {DNNL_ARG_DST, c->bound(c->output, out)},
            {DNNL_ARG_SCRATCHPAD, c->bound(c->scratchpad, scratch)}};
        if (c->shape.bias) arguments.insert({DNNL_ARG_BIAS, c->bound(c->bias, bias)});
        if (c->shape.residual)
            arguments.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, c->bound(c->output, residual)});
        c->operation.execute(s, arguments);
        if (c->changeOutput) c->changeOutput->run(s, out, output, scratch);
    });
}

const char *jd_run_backward_data(const jd_convolution *c, const float *outputGradient, const float *packed,
                                 float *inputGradient, float *workspace) {
    return guarded([&](stream &s) {
        float *scratch = workspace + c->atScratch;
        float *in = c->changeInput ? workspace + c->atInput : inputGradient, *out = workspace + c->atOutput;
        if (c->changeOutput) c->changeOutput->run(s, outputGradient, out, scratch);
        c->operation.execute(s, {{DNNL_ARG_DIFF_SRC, c->bound(c->input, in)},
                                 {DNNL_ARG_WEIGHTS, c->bound(c->weights, packed)},
                                 {DNNL_ARG_DIFF_DST, c->bound(c->output, c->changeOutput ? out : outputGradient)},
                                 {DNNL_ARG_SCRATCHPAD, c->bound(c->scratchpad, scratch)}});
        if (c->changeInput) c->changeInput->run(s, in, inputGradient, scratch);
    });
}

const char *jd_run_backward_weights(const jd_convolution *c, const float *input, const float *outputGradient,
                                    float *weightGradient, float *biasGradient, float *workspace) {
    return guarded([&](stream &s) {
        float *scratch = workspace + c->atScratch;
        float *in = workspace + c->atInput, *out = workspace + c->atOutput;
        float *weights = c->changeWeights ? workspace + c->atWeights : weightGradient;
        if (c->changeInput) c->changeInput->run(s, input, in, scratch);
        if (c->changeOutput) c->changeOutput->run(s, outputGradient, out, scratch);
        std::unordered_map<int, memory> arguments{
            {DNNL_ARG_SRC, c->bound(c->input, c->changeInput ? in : input)},
            {DNNL_ARG_DIFF_DST, c->bound(c->output, c->changeOutput ? out : outputGradient)},
            {DNNL_ARG_DIFF_WEIGHTS, c->bound(c->weights, weights)},
            {DNNL_ARG_SCRATCHPAD, c->bound(c->scratchpad, scratch)}};
        if (c->shape.bias) arguments.insert({DNNL_ARG_DIFF_BIAS, c->bound(c->bias, biasGradient)});
        c->operation.execute(s, arguments);
        if (c->changeWeights) c->changeWeights->run(s, weights, weightGradient, scratch);
    });
}

const char *jd_version(void) {
    static const std::string text = [] {
        const auto *v = dnnl_version();
        return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
    }();
    return text.c_str();
}
}
