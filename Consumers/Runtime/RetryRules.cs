using System.Collections.Frozen;
using System.Reflection;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;

namespace Messaging.Consumers.Runtime;

/// <summary>The retry rules of one handler class by type of exception; read once, when the worker is put together.</summary>
internal sealed class RetryRules
{
    private readonly RetryPolicy _kind;
    private readonly FrozenDictionary<Type, RetryPolicy?> _byException;

    private RetryRules(RetryPolicy kind, FrozenDictionary<Type, RetryPolicy?> byException)
    {
        _kind = kind;
        _byException = byException;
    }

    /// <summary>Reads the rules off a handler class and its base classes.</summary>
    /// <param name="handler">The class; its own rules go before those of its base classes.</param>
    /// <param name="kind">What holds for exceptions without a rule; its number of attempts is only the default of its tasks.</param>
    /// <exception cref="ArgumentException">A class has two rules for one type of exception, or a rule's value is out of its bounds.</exception>
    public static RetryRules Of(Type handler, RetryPolicy kind)
    {
        // How many attempts a task has is said by the task; a policy here only limits what a rule limits.
        var unlimited = kind with { MaxAttempts = RetryPolicy.MostAttempts };
        var rules = new Dictionary<Type, RetryPolicy?>();
        for (var type = handler; type is not null; type = type.BaseType)
        {
            var own = type.GetCustomAttributes<RetryRuleAttribute>(inherit: false).ToArray();
            if (own.GroupBy(rule => rule.Exception).FirstOrDefault(rulesOfType => rulesOfType.Count() > 1) is { } twice)
                throw new ArgumentException($"It has more than one retry rule for {twice.Key}.", nameof(handler));
            foreach (var rule in own)
                rules.TryAdd(rule.Exception, rule.Over(unlimited));
        }

        return new RetryRules(unlimited, rules.ToFrozenDictionary());
    }

    /// <summary>The policy for a failure by an exception: by the rule for its most derived type, else the kind's. Null: never again.</summary>
    /// <param name="exception">Null: no rule applies.</param>
    public RetryPolicy? For(Type? exception)
    {
        for (var type = exception; type is not null; type = type.BaseType)
        {
            if (_byException.TryGetValue(type, out var policy))
                return policy;
        }

        return _kind;
    }
}
