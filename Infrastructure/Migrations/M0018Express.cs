using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Consumers say on which channel they hear express copies.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0018_express")]
public sealed class M0018Express : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0018_express.sql";
}
